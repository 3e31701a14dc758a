/** The npm package, as somebody has it who has installed its tarball in an empty project. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { commandsIn } from '../docs-commands.ts'
import { e2e, type Options, type Rig } from './rig.ts'
import { belowShell, type Foster } from './rig-foster.ts'

const project = mkdtempSync(join(tmpdir(), 'foster-package-'))
after(() => rmSync(project, { recursive: true }))
process.umask(0o022)

/** Node of this test first, as in an image that has one. */
const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter)
const npm = (cwd: string, ...args: readonly string[]): string =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', env: { PATH, HOME: project, npm_config_offline: 'true' } })

const packed = JSON.parse(npm('dist/npm', 'pack', '--json', `--pack-destination=${project}`))[0]
writeFileSync(join(project, 'package.json'), '{}\n')
npm(project, 'install', '--no-audit', '--no-fund', join(project, packed.filename))
const installed = join(project, 'node_modules/foster')
const bin = join(project, 'node_modules/.bin/foster')

test('holds one bundled file, brings nothing along and runs nothing', () => {
  const paths = packed.files.map((it: { path: string }) => it.path)
  const licences = 'THIRD-PARTY-LICENSES'
  assert.deepEqual(paths.sort(), ['LICENSE', 'README.md', licences, 'foster.cjs', 'foster.schema.json', 'package.json'])
  const handedOn = readFileSync(join(installed, licences), 'utf8')
  const ours = ['commander', 'execa', 'signal-exit', 'valibot', 'yaml']
  assert.deepEqual(
    ours.filter(name => !new RegExp(`^${name} \\d+\\.`, 'm').test(handedOn)),
    [],
  )
  const keys = ['name', 'version', 'description', 'license', 'bin', 'files', 'os', 'cpu', 'engines']
  assert.deepEqual(Object.keys(manifest(installed)), keys)
  assert.deepEqual(manifest(installed).bin, { foster: 'foster.cjs' })
  assert.equal(manifest(installed).version, manifest('.').version)
  assert.ok(packed.files.find((it: { path: string }) => it.path === 'foster.cjs').size < 1_000_000)
  const all = npm(project, 'ls', '--all', '--parseable').trim().split('\n')
  assert.deepEqual(all, [project, installed])
})

const manifest = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

test('runs a configuration by its name alone, and is its own client', () => {
  const programs = {
    one: { kind: 'task', command: 'echo 1' },
    two: { command: 'sh -c "exit 7"', restart: 'never', depends_on: ['one'] },
  }
  writeFileSync(join(project, 'foster.yaml'), JSON.stringify({ programs, control: { socket: false } }))
  const run = (...args: readonly string[]) =>
    spawnSync(bin, args, { cwd: project, encoding: 'utf8', env: { PATH }, timeout: 60_000 })
  const ended = run()
  assert.equal(ended.status, 7, ended.stderr)
  assert.match(ended.stdout, /^one {4}\| 1$/m)
  assert.equal(run('check').stdout, './foster.yaml: 2 programs, no errors\n')
  assert.equal(run('version').stdout, `foster ${manifest('.').version}\n`)
  assert.equal(run('status', '--socket', '/nowhere').status, 4)
  assert.match(run('supervisord', '--help').stdout, /^foster, called as supervisord/)
})

test('is made and installed by the commands of docs/installation.md', () => {
  const commands = commandsIn(readFileSync('docs/installation.md', 'utf8'))
  assert.equal(commands.length, 3)
  const folder = mkdtempSync(join(project, 'reader-'))
  symlinkSync(resolve('dist'), join(folder, 'dist'))
  const prefix = join(folder, 'prefix')
  const env = { PATH: [join(prefix, 'bin'), PATH].join(delimiter), HOME: project, npm_config_prefix: prefix }
  const run = (command: string) => execFileSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8', env })
  assert.equal(commands.map(run).at(-1), `foster ${manifest('.').version}\n`)
})

test('says what it needs where Node is another', () => {
  const args = ['--no-experimental-ffi', bin, 'version']
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env: { PATH } })
  assert.equal(status, 1)
  assert.match(stderr, /^foster: Node v\S+ has no node:ffi; foster needs Node 26\.10 or later\n$/)
})

/** The package's foster as PID 1; its variables are those of a container. */
async function start(rig: Rig, args: readonly string[], options: Options = {}): Promise<Foster> {
  return rig.start([bin, ...args], { binary: process.execPath, ...options })
}

/** What foster's own process has. */
const environmentOf = (foster: Foster) =>
  readFileSync(`/proc/${foster.pid}/environ`, 'latin1')
    .split('\0')
    .map(it => it.split('=')[0])

e2e('keeps variables for Node from itself and gives them to the programs', async rig => {
  const env = { NODE_OPTIONS: '--max-old-space-size=9', NODE_EXTRA_CA_CERTS: '/none', UV_THREADPOOL_SIZE: '1' }
  const odd = `export "$(printf 'ODD=\\351')"; exec env 'dotted.name=1' "$@"`
  const main = rig.puppet('main')
  const limited = rig.puppet('limited')
  const programs = { main: { command: main.command }, limited: { command: limited.command, ulimits: { core: 0 } } }
  const plan = rig.file('plan.yaml', JSON.stringify({ programs }))
  const foster = await start(rig, ['-c', plan], { env, via: ['sh', '-c', odd, 'sh'] })
  await main.up()
  await limited.up()
  for (const program of [main, limited]) {
    for (const [name, value] of Object.entries(env)) assert.equal(await program.tells(`printenv ${name}`), value)
    assert.equal(await program.tells('printenv ODD | od -An -tx1'), ' e9 0a')
    assert.equal(await program.tells('grep -zc ^dotted.name=1 /proc/$$/environ'), '1')
    assert.equal(await program.tells('env | grep -c __FOSTER'), '0')
  }
  for (const name of Object.keys(env)) assert.ok(!environmentOf(foster).includes(name), name)
  const first = foster.processes().find(it => it.innerPid === 1)
  assert.ok(first?.argv.includes('--disable-sigusr1'), String(first?.argv))
  foster.kill('SIGTERM')
  assert.deepEqual(await foster.exit(), { code: 0, signal: null })
})

e2e('passes signals on, SIGUSR1 included, and returns the code', async rig => {
  const main = rig.puppet('main', "trap 'home USR1' USR1", "trap 'exit 9' TERM")
  const foster = await start(rig, ['--', ...main.command], { env: { NODE_OPTIONS: '--trace-warnings' } })
  await main.up()
  foster.kill('SIGUSR1')
  await main.call('USR1')
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 9)
  assert.equal(foster.output.stderr, '')
})

e2e(
  'starts once where Node was started as it has to be',
  async rig => {
    mkdirSync(join(rig.dir, 'bin'))
    const flags = ['--disable-sigusr1', '--no-warnings', '--max-semi-space-size=1', '--v8-pool-size=1']
    const options = {
      binary: process.execPath,
      env: { NODE_ENV: 'production' },
      via: ['strace', '-qq', '-e', 'execve'],
    }
    const run = await rig.start([...flags, bin, 'version'], options)
    assert.equal((await run.exit()).code, 0)
    assert.equal(run.output.stderr.match(/^execve\(/gm)?.length, 1, run.output.stderr)
    const twice = await rig.start([bin, 'version'], options)
    await twice.exit()
    assert.equal(twice.output.stderr.match(/^execve\(/gm)?.length, 2, twice.output.stderr)
  },
  'strace',
)

e2e('hands sockets of an activation to CMD', async rig => {
  const files = [3, 4, 5].map(fd => openSync(rig.file(`fd${fd}`, ''), 'r'))
  const via = ['sh', '-c', 'export LISTEN_FDS=2 LISTEN_PID=$$ NODE_OPTIONS=--no-deprecation; exec "$@"', 'sh']
  const script =
    'for fd in 3 4 5; do [ -e /proc/$$/fd/$fd ] && basename $(readlink /proc/$$/fd/$fd); done; [ $LISTEN_PID = $$ ] && echo $NODE_OPTIONS'
  const run = await start(rig, ['--', 'sh', '-c', script], { via, stdio: ['ignore', undefined, undefined, ...files] })
  assert.equal((await run.exit()).code, 0)
  assert.equal(run.output.stdout, 'fd3\nfd4\n--no-deprecation\n')
})

e2e('works where it is not PID 1', async rig => {
  const run = await start(rig, ['--', 'sh', '-c', '(sleep 0.01 &) ; exit 4'], { below: belowShell })
  assert.equal((await run.exit()).code, 4)
})
