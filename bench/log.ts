/**
 * How fast foster passes output on: `node bench/log.ts [--child ...]` prints MB/s of program output (not counting
 * prefixes) for each format and line length, through real pipes to a reader that throws everything away.
 *
 * Four processes: a writer, the log, a reader (cat), and this one, which measures.
 */
import { spawn } from 'node:child_process'
import { readFileSync, writeSync } from 'node:fs'
import { arch } from 'node:process'
import { parseArgs } from 'node:util'
import type { LogFormat } from '../src/core/plan.ts'
import { openLogs } from '../src/log/router.ts'
import { read, readable } from '../src/os/libc.ts'
import { openOutlet } from '../src/os/outlets.ts'
import { makeProgramPipe, watchPipe } from '../src/os/pipes.ts'

const { values } = parseArgs({
  options: {
    child: { type: 'string' },
    writers: { type: 'string', default: '1' },
    length: { type: 'string', default: '100' },
    megabytes: { type: 'string', default: '3000' },
    json: { type: 'boolean', default: false },
  },
})

if (values.child === undefined) await measureAll()
else serve(values.child as LogFormat, Number(values.writers))

async function measureAll(): Promise<void> {
  console.log(`node ${process.version} ${arch}, ${values.megabytes} MB a run`)
  for (const format of ['raw', 'prefix', 'json'] as const) {
    for (const length of [100, 4096]) {
      for (const writers of [1, 4]) {
        const megabytes = Number(values.megabytes) / (format === 'json' ? 4 : 1)
        const { rate, memory } = await measure(format, length, writers, megabytes)
        console.log(
          `${format.padEnd(6)} ${String(length).padStart(4)} B  ${writers} writers  ${rate.toFixed(0).padStart(5)} MB/s  ${memory}`,
        )
      }
    }
  }
}

async function measure(
  format: string,
  length: number,
  writers: number,
  megabytes: number,
): Promise<{ rate: number; memory: string }> {
  const args = ['--no-warnings', import.meta.filename, '--child', format, '--writers', String(writers)]
  const options = ['--length', String(length), '--megabytes', String(megabytes), ...(values.json ? ['--json'] : [])]
  const reader = spawn('sh', ['-c', `"$0" "$@" | cat > /dev/null`, process.execPath, ...args, ...options], {
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  let text = ''
  for await (const chunk of reader.stderr) text += String(chunk)
  const last = text.trim().split('\n').at(-1) ?? ''
  const [bytes, seconds, memory] = last.split(' ')
  if (memory === undefined) throw new Error(text)
  return { rate: Number(bytes) / Number(seconds) / 1e6, memory: `${memory} RssAnon` }
}

/** The log itself, with programs that write as fast as they can and then end. */
function serve(format: LogFormat, writers: number): void {
  const length = Number(values.length)
  const total = Number(values.megabytes) * 1e6
  const logs = openLogs({
    outlets: { stdout: openOutlet(1), stderr: openOutlet(2) },
    format,
    programs: Array.from({ length: writers }, (_, index) => ({ name: `web${index}`, format: undefined })),
    environment: {},
    io: { watch: watchPipe, read, readable },
    now: () => new Date(),
    after(millis, done) {
      const timer = setTimeout(done, millis)
      return () => clearTimeout(timer)
    },
  })
  const line = values.json ? `${`{"level":"info","msg":"${'x'.repeat(length - 27)}`}"}` : 'x'.repeat(length - 1)
  const each = Math.floor(total / writers)
  let running = writers
  const started = process.hrtime.bigint()
  for (let index = 0; index < writers; index++) {
    const ends = makeProgramPipe(undefined)
    if (typeof ends === 'number') throw new Error(`pipe: ${ends}`)
    const child = spawn('sh', ['-c', `yes '${line}' | head -c ${each}`], { stdio: ['ignore', ends.write, 'ignore'] })
    logs.program(index).attach('stdout', ends.read)
    logs.program(index).startRun(child.pid ?? 0)
    child.on('exit', () => {
      logs.program(index).endRun()
      running -= 1
      if (running === 0) logs.flush(60_000, result => report(result.unwritten))
    })
  }

  function report(unwritten: number): void {
    const seconds = Number(process.hrtime.bigint() - started) / 1e9
    if (unwritten > 0) throw new Error(`${unwritten} bytes unwritten`)
    const memory = /RssAnon:\s+(.*)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]?.replace(' ', '') ?? '?'
    writeSync(2, `${each * writers} ${seconds} ${memory}\n`)
    process.exit()
  }
}
