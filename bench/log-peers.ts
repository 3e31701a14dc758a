/**
 * How fast output is passed on, beside those that do the same: `node bench/log-peers.ts [--megabytes N] [--rounds N]`.
 * Writers are `yes`, the reader is `head`, both through real pipes; `FOSTER_BIN` is the foster, `PM2` a pm2-runtime.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '3' },
    peers: { type: 'string', default: 'foster raw,foster prefix,foster json,supervisord,s6-log,pm2-runtime' },
    lengths: { type: 'string', default: '100,4096' },
    writers: { type: 'string', default: '1,10' },
  },
})

interface Sample {
  /** Of what the reader got: a prefix counts. */
  readonly rate: number
  /** Seconds of the processor, user and system, for a GB. */
  readonly cpu: number
  /** The most that was seen, in KiB. */
  readonly memory: number
}

const dir = mkdtempSync(join(tmpdir(), 'foster-bench-'))
const foster = process.env.FOSTER_BIN ?? 'dist/foster'

function commandOf(peer: string, line: string, writers: number): readonly string[] | undefined {
  const names = Array.from({ length: writers }, (_, index) => `web${index}`)
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text)
    return join(dir, name)
  }
  if (peer.startsWith('foster')) {
    const programs = Object.fromEntries(names.map(name => [name, { command: ['yes', line] }]))
    return [foster, '-c', file('foster.yaml', JSON.stringify({ programs, log: { format: peer.split(' ')[1] } }))]
  }
  if (peer === 'supervisord') {
    const sections = names.map(
      name => `[program:${name}]\ncommand=yes ${line}\nstdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n`,
    )
    const head = `[supervisord]\nnodaemon=true\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile=${dir}/pid\n`
    return ['supervisord', '-c', file('supervisord.conf', head + sections.join(''))]
  }
  if (peer === 's6-log') return ['sh', '-c', `{ ${names.map(() => `yes ${line} &`).join(' ')} wait; } | exec s6-log 1`]
  if (process.env.PM2 === undefined) return undefined
  const apps = names.map(name => ({
    name,
    script: '/usr/bin/yes',
    interpreter: 'none',
    args: line,
    out_file: '/dev/null',
  }))
  return [process.env.PM2, 'start', '--raw', file('pm2.json', JSON.stringify({ apps }))]
}

/** The process that passes the output on: for s6-log the shell's last child, else what was started. */
function workerOf(peer: string, child: ChildProcess): number {
  const pid = child.pid ?? 0
  if (peer !== 's6-log') return pid
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
  return children.find(it => readFileSync(`/proc/${it}/comm`, 'utf8') === 's6-log\n') ?? pid
}

function usedBy(pid: number): { seconds: number; memory: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  const memory = /RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return { seconds: (Number(fields[11]) + Number(fields[12])) / 100, memory: Number(memory) }
}

async function measure(peer: string, length: number, writers: number): Promise<Sample | undefined> {
  const command = commandOf(peer, 'x'.repeat(length - 1), writers)
  if (command === undefined) return undefined
  const bytes = Number(values.megabytes) * 1e6
  const fifo = join(dir, 'fifo')
  rmSync(fifo, { force: true })
  execFileSync('mkfifo', [fifo])
  const script = `exec <'${fifo}'; head -c 20000000 >/dev/null; echo a; head -c ${bytes} >/dev/null; echo b`
  const reader = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] })
  const write = openSync(fifo, 'w')
  const child = spawn(command[0] as string, command.slice(1), {
    ...{ stdio: ['ignore', write, 'ignore'], detached: true, env: { PATH: process.env.PATH ?? '', HOME: dir } },
  })
  closeSync(write)
  let memory = 0
  let began = { at: 0, seconds: 0, pid: 0 }
  const timer = setInterval(() => {
    if (began.pid > 0) memory = Math.max(memory, usedBy(began.pid).memory)
  }, 20)
  const limit = setTimeout(() => reader.kill(), 60_000 + 30 * Number(values.megabytes))
  try {
    for await (const text of reader.stdout) {
      for (const mark of String(text).trim().split('\n')) {
        const pid = workerOf(peer, child)
        const { seconds } = usedBy(pid)
        if (mark === 'a') began = { at: performance.now(), seconds, pid }
        else {
          const rate = bytes / 1e3 / (performance.now() - began.at)
          return { rate, cpu: ((seconds - began.seconds) * 1e9) / bytes, memory }
        }
      }
    }
    return undefined
  } finally {
    clearInterval(timer)
    clearTimeout(limit)
    reader.kill('SIGKILL')
    process.kill(-(child.pid ?? 0), 'SIGKILL')
    child.kill('SIGKILL')
  }
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN

console.log('| | lines | writers | MB/s | CPU s/GB | RssAnon MB |\n|---|--:|--:|--:|--:|--:|')
for (const length of values.lengths.split(',').map(Number)) {
  for (const writers of values.writers.split(',').map(Number)) {
    const samples = new Map<string, Sample[]>()
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const peer of values.peers.split(',')) {
        const sample = await measure(peer, length, writers)
        if (sample !== undefined) samples.set(peer, [...(samples.get(peer) ?? []), sample])
      }
    }
    for (const [peer, all] of samples) {
      const rate = median(all.map(it => it.rate)).toFixed(0)
      const cpu = median(all.map(it => it.cpu)).toFixed(2)
      const memory = (Math.max(...all.map(it => it.memory)) / 1024).toFixed(1)
      console.log(`| ${peer} | ${length} B | ${writers} | ${rate} | ${cpu} | ${memory} |`)
    }
  }
}
rmSync(dir, { recursive: true, force: true })
