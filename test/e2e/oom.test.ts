/** Memory that runs out, in a memory cgroup of the test's own. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { e2e, type Rig } from './rig.ts'
import { eventually } from './rig-wait.ts'

/** The kernel counts the pages of a file that is mapped, too: with less, foster itself would be the largest. */
const most = 256 * 1024 * 1024

/** A new group of this machine's memory controller, of either version, with a limit; undefined: none can be made. */
function makeGroup(): string | undefined {
  const own = readFileSync('/proc/self/cgroup', 'latin1')
  const path = (pattern: RegExp): string => pattern.exec(own)?.[1] ?? '/'
  const places = [
    { dir: join('/sys/fs/cgroup/memory', path(/^\d+:(?:.*,)?memory(?:,.*)?:(.*)$/m)), limit: 'memory.limit_in_bytes' },
    { dir: join('/sys/fs/cgroup', path(/^0::(.*)$/m)), limit: 'memory.max' },
    { dir: '/sys/fs/cgroup', limit: 'memory.max' },
  ]
  for (const { dir, limit } of places) {
    const group = join(dir, `foster-test-${process.pid}`)
    try {
      mkdirSync(group)
      if (existsSync(join(group, limit))) {
        writeFileSync(join(group, limit), String(most))
        return group
      }
      rmdirSync(group)
    } catch {
      // Not here.
    }
  }
  return undefined
}

/** Whether a group could be removed: a process that is ending is not named in it any more, and keeps it. */
function removed(group: string): boolean {
  try {
    rmdirSync(group)
    return true
  } catch {
    return false
  }
}

/** A test whose foster may not use more than this. */
function inLittleMemory(name: string, body: (rig: Rig, via: readonly string[]) => Promise<void>): void {
  e2e(
    name,
    async (rig, context) => {
      const group = makeGroup()
      if (group === undefined) return context.skip('needs a memory cgroup that can have groups below')
      context.after(async () => {
        await eventually('the group is empty', () => removed(group))
      })
      await body(rig, ['sh', '-c', `echo 0 >${group}/cgroup.procs; exec "$@"`, 'sh'])
    },
    'root',
  )
}

inLittleMemory(
  'a program that the kernel kills for memory is said to be; one that somebody kills is not',
  async (rig, via) => {
    const [web, greedy] = [rig.puppet('web'), rig.puppet('greedy')]
    const more = { restart: 'always', start_retries: -1, backoff: { delay: '1ms', max: '1ms' } }
    const programs = { web: { command: web.command, ...more }, greedy: { command: greedy.command, ...more } }
    const foster = await rig.start({ programs }, { via })
    const { pid } = await rig.facts(foster, await web.up())
    process.kill(pid, 'SIGKILL')
    await foster.line(/web: killed by SIGKILL after/)
    await greedy.up()
    // It never ends a line, so tail keeps it all.
    greedy.start('exec tail /dev/zero')
    await foster.line(/greedy: killed by SIGKILL \(out of memory\) after/)
    await greedy.up()
    const again = await rig.facts(foster, await web.up())
    process.kill(again.pid, 'SIGKILL')
    await eventually(
      'it was killed again',
      () => foster.output.stderr.match(/web: killed by SIGKILL after/g)?.length === 2,
    )
    foster.kill('SIGTERM')
    await foster.exit()
  },
)

inLittleMemory('a critical program that is killed for memory ends the container with 137', async (rig, via) => {
  const program = { command: 'tail /dev/zero', restart: 'never' }
  const foster = await rig.start({ programs: { web: program } }, { via })
  assert.equal((await foster.exit()).code, 137, foster.story())
  assert.match(foster.output.stderr, /web: killed by SIGKILL \(out of memory\)/)
})
