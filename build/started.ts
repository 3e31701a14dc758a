/** What a start compiles, seen in several: the functions that are to be in the snapshot with their code. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Functions } from '../src/precompile.ts'

/** V8's options for an executable each of whose processes writes into the folder which functions it compiles. */
export const logging = (folder: string) => [
  '--log-function-events',
  `--logfile=${folder}/%p.log`,
  '--no-logfile-per-isolate',
]

/**
 * Starts such an executable as `foster -c FILE`, as a client and as `foster -- CMD`, and gives what was compiled. Throws
 * when a start does not end with 0, or when it compiled so little that it was not seen. The folder is emptied.
 */
export function compiledByStarts(executable: string, logs: string): Functions {
  rmSync(logs, { recursive: true, force: true })
  mkdirSync(logs)
  const folder = mkdtempSync(join(tmpdir(), 'foster-build-'))
  try {
    const [file, socket] = [join(folder, 'foster.yaml'), join(folder, 'socket')]
    writeFileSync(file, plan(executable, socket))
    for (const args of [
      ['-c', file],
      ['--', 'true'],
    ]) {
      // What it says is in the error, if there is one. An emulated processor needs its time.
      const stdio = ['ignore', 'ignore', 'pipe'] as const
      execFileSync(executable, args, { stdio: [...stdio], env: { PATH: process.env.PATH }, timeout: 300_000 })
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  const found = new Map<string, Set<number>>()
  for (const log of readdirSync(logs)) take(readFileSync(join(logs, log), 'latin1'), found)
  const count = [...found.values()].reduce((sum, it) => sum + it.size, 0)
  if (count < 100) throw new Error(`${executable} compiles ${count} functions at a start: too few`)
  return Object.fromEntries([...found].map(([name, offsets]) => [name, [...offsets].sort((a, b) => a - b)]))
}

/** What most files have. It ends when a client has been answered. */
const plan = (executable: string, socket: string): string => `# The programs of a container.
control:
  socket: ${JSON.stringify(socket)}
programs:
  migrate:
    kind: task
    command: sh -c 'exit 0'
    environment: {LEVEL: info, HOST: "\${HOSTNAME:-here}"}
  web:
    command: until "$EXECUTABLE" status --socket "$SOCKET"; do sleep 0.1; done
    shell: true
    working_dir: /
    environment:
      EXECUTABLE: ${JSON.stringify(executable)}
      SOCKET: ${JSON.stringify(socket)}
    depends_on: [migrate]
    restart: on-failure
    stop_grace_period: 5s
`

/** V8's log has lines `script-details,ID,NAME,...` and `function,EVENT,SCRIPT,START,END,...`. */
function take(log: string, found: Map<string, Set<number>>): void {
  const names = new Map<string, string>()
  for (const [event, what = '', script = '', start] of log.split('\n').map(line => line.split(','))) {
    if (event === 'script-details') names.set(what, script.startsWith('node:') ? script : basename(script))
    if (event !== 'function' || what !== 'interpreter') continue
    const name = names.get(script)
    if (name === undefined || name === '') continue
    const offsets = found.get(name) ?? new Set()
    found.set(name, offsets.add(Number(start)))
  }
}
