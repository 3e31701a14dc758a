/** Log files of the built foster: rotation, trouble with the disk, reopening, and what a program's user may try. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { e2e, type Rig } from './rig.ts'
import { eventually } from './rig-wait.ts'

/** The log and its old files, the oldest first; compressed ones as they were. */
function filesOf(path: string): readonly Buffer[] {
  const old: Buffer[] = []
  for (let number = 1; existsSync(`${path}.${number}`) || existsSync(`${path}.${number}.gz`); number++) {
    const plain = `${path}.${number}`
    old.unshift(existsSync(plain) ? readFileSync(plain) : gunzipSync(readFileSync(`${plain}.gz`)))
  }
  return [...old, readFileSync(path)]
}

/** What is found in files; undefined: one is not there, perhaps since it is being renamed. */
function settled<T>(find: () => T): T | undefined {
  try {
    return find()
  } catch {
    return undefined
  }
}

const has = (path: string, text: string): Promise<unknown> =>
  eventually(`${path} has ${text}`, () => settled(() => readFileSync(path, 'utf8'))?.includes(text))

/** Compares a lot of bytes, and says where they begin to differ. */
function sameBytes(actual: Buffer, expected: Buffer, story: string): void {
  if (actual.equals(expected)) return
  const at = actual.findIndex((byte, index) => byte !== expected[index])
  assert.fail(`${actual.length} bytes, not ${expected.length}; they differ from ${at} on\n${story}`)
}

/** Lines of many lengths, an unterminated last one included, as awk writes them. */
const writer =
  'awk \'BEGIN { for (i = 0; i < 30000; i++) { printf "%d", i; for (j = i % 37; j > 0; j--) printf " x%d", j; print "" } printf "end" }\''

e2e('files: more than a hundred rotations lose nothing, and cut no line', async rig => {
  const path = join(rig.dir, 'web.log')
  const file = { file: join(rig.dir, '%(name).log'), max_size: 15_000, keep: 1000 }
  const foster = await rig.start({
    programs: {
      web: { kind: 'task', command: writer, shell: true, log: { stdout: [file, 'forward'], format: 'raw' } },
    },
    shutdown: { timeout: '5m' },
  })
  assert.equal((await foster.exit()).code, 0)
  const files = filesOf(path)
  assert.ok(files.length > 100, `${files.length} files`)
  sameBytes(Buffer.concat(files), Buffer.from(foster.output.stdout), foster.output.stderr)
  assert.ok(foster.output.stdout.endsWith('\nend\n'))
  for (const content of files) {
    assert.equal(content.at(-1), 10)
    assert.ok(content.length <= 15_000)
  }
})

e2e('files: old ones are compressed, and there are no more than are kept', async rig => {
  const path = join(rig.dir, 'web.log')
  const log = { stdout: { file: path, max_size: 200_000, keep: 3, compress: true } }
  const web = rig.puppet('web')
  writeFileSync(`${path}.gz.tmp`, 'what a crash has left')
  const foster = await rig.start({ programs: { web: { command: web.command, log } } })
  await web.up()
  // More than five times what a file holds: more old files than are kept.
  const rounds = 10
  for (let round = 0; round < rounds; round++) await web.does('seq 20000')
  const lines = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join('')
  const whole = Buffer.from(lines.repeat(rounds))
  await eventually('all has been written, and all old files are compressed', () => {
    const names = readdirSync(rig.dir).filter(name => name.startsWith('web.log'))
    if (names.sort().join() !== 'web.log,web.log.1.gz,web.log.2.gz,web.log.3.gz') return undefined
    const left = settled(() => Buffer.concat(filesOf(path)))
    return left !== undefined && left.length > 550_000 && left.equals(whole.subarray(-left.length))
  })
  assert.equal(statSync(path).mode & 0o777, 0o644)
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})

e2e('USR2: files that were moved away are made again, and nothing is lost', async rig => {
  const path = join(rig.dir, 'web.log')
  const web = rig.puppet('web')
  const foster = await rig.start({ programs: { web: { command: web.command, log: { stdout: { file: path } } } } })
  await web.up()
  await web.does('echo before')
  await has(path, 'before')
  renameSync(path, `${path}.old`)
  foster.kill('SIGUSR2')
  await foster.line(/SIGUSR2: reopened 1 log file/)
  await web.does('echo after')
  await has(path, 'after')
  assert.deepEqual([readFileSync(path, 'utf8'), readFileSync(`${path}.old`, 'utf8')], ['after\n', 'before\n'])
})

e2e('a directory that vanishes stops nothing; when it is there again, so is the file', async rig => {
  const dir = join(rig.dir, 'logs')
  const path = join(dir, 'web.log')
  mkdirSync(dir)
  const web = rig.puppet('web')
  const foster = await rig.start({ programs: { web: { command: web.command, log: { stdout: { file: path } } } } })
  await web.up()
  rmSync(dir, { recursive: true })
  foster.kill('SIGUSR2')
  await foster.line(/web: cannot write .*web\.log: ENOENT/)
  await web.does('echo one')
  await web.does('echo two')
  mkdirSync(dir)
  await foster.line(/web: .*web\.log is written again/)
  await has(path, 'two')
  assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n')
})

/** Foster with a file system of its own at `disk`, so large. */
const withDisk = (rig: Rig, size: string) => {
  const dir = join(rig.dir, 'disk')
  mkdirSync(dir)
  const mount = `mount -t tmpfs -o size=${size},mode=755 none '${dir}' && exec "$@"`
  return { dir, options: { via: ['sh', '-c', mount, 'sh'] } }
}

e2e(
  'a full disk stops nothing; lines are counted, and the rest is written when there is room',
  async rig => {
    const { dir, options } = withDisk(rig, '1m')
    const web = rig.puppet('web')
    const programs = { web: { command: web.command, log: { stdout: { file: join(dir, 'web.log') } } } }
    const foster = await rig.start({ programs }, options)
    await web.up()
    // Each line is 100 bytes: 3 MB are more than the disk and the memory take.
    await web.does('awk \'BEGIN { for (i = 0; i < 30000; i++) printf "%099d\\n", i }\'')
    await foster.line(/web: cannot write .*web\.log: ENOSPC/)
    await web.does(`cp ${dir}/web.log ${rig.dir}/full; rm ${dir}/web.log`)
    const [, lost = ''] = await foster.line(/web\.log is written again; (\d+) lines lost/)
    await web.does('echo after')
    const wrote = async () => web.tells(`tail -n1 ${dir}/web.log`)
    while ((await wrote()) !== 'after');
    const rest = await web.tells(`head -c 3000000 ${dir}/web.log | wc -l`)
    // What could not be removed from the middle of a write stays in the first file; no half of a line is anywhere.
    const first = readFileSync(join(rig.dir, 'full'), 'utf8').split('\n')
    assert.ok(Number(lost) > 0)
    assert.equal(
      first.slice(0, -1).every((line, index) => Number(line) === index),
      true,
    )
    assert.ok(
      Math.abs(first.length - 1 + Number(rest) - 1 + Number(lost) - 30_000) <= 1,
      `${first.length} + ${rest} + ${lost}`,
    )
    foster.kill('SIGTERM')
    assert.equal((await foster.exit()).code, 0)
  },
  'root',
)

e2e(
  'a read-only file system stops nothing, and is written when it is one no more',
  async rig => {
    const dir = join(rig.dir, 'disk')
    mkdirSync(dir)
    const mount = `mount -t tmpfs -o ro,mode=755 none '${dir}' && exec "$@"`
    const web = rig.puppet('web')
    const programs = { web: { command: web.command, log: { stdout: { file: join(dir, 'web.log') } } } }
    const foster = await rig.start({ programs }, { via: ['sh', '-c', mount, 'sh'] })
    await web.up()
    await foster.line(/web: cannot write .*web\.log: EROFS/)
    await web.does('echo one')
    await web.does(`mount -o remount,rw ${dir}`)
    await foster.line(/web\.log is written again/)
    assert.equal(await web.tells(`cat ${dir}/web.log`), 'one')
  },
  'root',
)

e2e('a FIFO is written to while somebody reads it, and never waited for', async rig => {
  const path = join(rig.dir, 'fifo')
  execFileSync('mkfifo', [path])
  const web = rig.puppet('web')
  const log = { stdout: [{ file: path, max_size: 10 }, 'forward'] }
  const foster = await rig.start({ programs: { web: { command: web.command, log } } })
  await web.up()
  await foster.line(/web: cannot write .*fifo: ENXIO/)
  await web.does('echo one; echo two; echo three')
  await web.does(`(head -n 3 ${path} >${path}.read; home read) &`)
  await web.call('read')
  assert.equal(readFileSync(`${path}.read`, 'utf8'), 'one\ntwo\nthree\n')
  assert.deepEqual(
    readdirSync(rig.dir).filter(name => name.startsWith('fifo.')),
    ['fifo.read'],
  )
})

e2e(
  "a program's user cannot make foster write or rename where it could not itself",
  async rig => {
    const home = join(rig.dir, 'owned')
    const secret = join(rig.dir, 'secret')
    mkdirSync(home)
    mkdirSync(secret)
    chownSync(home, 4711, 4712)
    writeFileSync(join(secret, 'web.log'), 'precious\n')
    const web = rig.puppet('web')
    const log = { stdout: { file: join(home, 'logs/web.log'), max_size: 10, keep: 2 } }
    const foster = await rig.start({
      programs: { web: { command: ['setpriv', '--reuid=4711', ...web.command], user: '4711:4712', log } },
    })
    await web.up()
    await foster.line(/cannot write .*: ENOENT/)
    symlinkSync(secret, join(home, 'logs'))
    await web.does('echo a line of text')
    await web.does('echo a line of text')
    foster.kill('SIGUSR2')
    await foster.line(/SIGUSR2: reopened/)
    // All at once: foster tries again to make the file meanwhile.
    mkdirSync(join(home, 'new'))
    chownSync(join(home, 'new'), 4711, 4712)
    symlinkSync(join(secret, 'web.log'), join(home, 'new/web.log'))
    rmSync(join(home, 'logs'))
    renameSync(join(home, 'new'), join(home, 'logs'))
    foster.kill('SIGUSR2')
    await foster.lineCount(/SIGUSR2: reopened/, 2)
    await web.does('echo a line of text')
    rmSync(join(home, 'logs/web.log'))
    await has(join(home, 'logs/web.log'), 'text')
    assert.equal(readFileSync(join(secret, 'web.log'), 'utf8'), 'precious\n')
    assert.deepEqual(readdirSync(secret), ['web.log'])
    assert.equal(statSync(join(home, 'logs/web.log')).uid, 4711)
  },
  'root',
)
