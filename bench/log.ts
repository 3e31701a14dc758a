/**
 * How fast foster passes output on: `node bench/log.ts` prints MB/s of what programs wrote (prefixes do not count) for
 * each format and length of line, through real pipes, to a reader that throws everything away.
 *
 * Three processes besides this one share the processors: `yes` (one for each writer), the log, and `cat`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type LogFormat, logDefaults, programLogDefaults } from '../src/core/log-plan.ts'
import { openLogs } from '../src/log/router.ts'
import { errnoName } from '../src/os/errno.ts'
import { read, readable } from '../src/os/libc.ts'
import { logPlace } from '../src/os/log-files.ts'
import { openOutlet } from '../src/os/outlets.ts'
import { makeProgramPipe, watchPipe } from '../src/os/pipes.ts'

const { values } = parseArgs({
  options: {
    /** Internal: be the log, in this format. */
    child: { type: 'string' },
    writers: { type: 'string' },
    length: { type: 'string' },
    formats: { type: 'string', default: 'raw,prefix,json' },
    seconds: { type: 'string', default: '2' },
    /** Lines are JSON objects. */
    objects: { type: 'boolean', default: false },
  },
})

if (values.child === undefined) await measureAll()
else serve(values.child as LogFormat, Number(values.writers ?? 1), Number(values.length ?? 100))

async function measureAll(): Promise<void> {
  for (const format of values.formats.split(',')) {
    for (const length of values.length?.split(',') ?? ['100', '4096']) {
      for (const writers of values.writers?.split(',') ?? ['1', '4']) {
        const result = await measure(format, length, writers)
        console.log(`${format.padEnd(6)} ${length.padStart(4)} B lines, ${writers} writing: ${result}`)
      }
    }
  }
}

async function measure(format: string, length: string, writers: string): Promise<string> {
  const log = ['--no-warnings', import.meta.filename, '--child', format, '--writers', writers, '--length', length]
  const options = ['--seconds', values.seconds, ...(values.objects ? ['--objects'] : [])]
  const command = `"$0" "$@" | cat > /dev/null`
  const shell = spawn('sh', ['-c', command, process.execPath, ...log, ...options], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let text = ''
  for await (const chunk of shell.stderr) text += String(chunk)
  return text.trim()
}

/** The log itself, with programs that write as fast as they can. */
function serve(format: LogFormat, writers: number, length: number): void {
  let bytes = 0
  const logs = openLogs({
    outlets: { stdout: openOutlet(1), stderr: openOutlet(2) },
    plan: { ...logDefaults, format },
    programs: Array.from({ length: writers }, (_, index) => ({
      ...{ name: `web${index}`, replica: undefined, user: undefined, log: programLogDefaults },
    })),
    place: target => logPlace({ path: target.path, user: undefined, owned: false }),
    environment: {},
    io: {
      read,
      readable,
      watch(fd, buffer, onBytes, onEnd) {
        const counted = (count: number) => {
          bytes += count
          onBytes(count)
        }
        return watchPipe(fd, buffer, counted, onEnd)
      },
    },
    errnoName,
    now: () => new Date(),
    after(millis, done) {
      const timer = setTimeout(done, millis)
      return () => clearTimeout(timer)
    },
  })
  const line = values.objects ? `{"level":"info","msg":"${'x'.repeat(length - 26)}"}` : 'x'.repeat(length - 1)
  const children: ChildProcess[] = []
  for (let index = 0; index < writers; index++) {
    const ends = makeProgramPipe(undefined)
    if (typeof ends === 'number') throw new Error(`pipe: ${ends}`)
    const child = spawn('yes', [line], { stdio: ['ignore', ends.write, 'ignore'] })
    children.push(child)
    logs.program(index).attach('stdout', ends.read)
    logs.program(index).startRun(child.pid ?? 0)
  }
  // The first half second warms up and does not count.
  setTimeout(() => count(performance.now(), bytes, process.cpuUsage()), 500)

  function count(since: number, before: number, cpu: NodeJS.CpuUsage): void {
    setTimeout(() => {
      const megabytes = (bytes - before) / 1e6
      const rate = megabytes / ((performance.now() - since) / 1000)
      const { user, system } = process.cpuUsage(cpu)
      const share = `${(user / megabytes).toFixed(0)} + ${(system / megabytes).toFixed(0)} us/MB user + system`
      for (const child of children) child.kill()
      const memory = /RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
      writeSync(2, `${rate.toFixed(0).padStart(5)} MB/s, ${share}, RssAnon ${memory} KiB\n`)
      process.exit()
    }, Number(values.seconds) * 1000)
  }
}
