/** What a start compiles, seen in two: the functions that are to be in the snapshot with their code. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Functions } from '../src/precompile.ts'

/** V8's options for an executable that writes into the file which functions it compiles. */
export const logging = (file: string) => ['--log-function-events', `--logfile=${file}`, '--no-logfile-per-isolate']

/**
 * Starts such an executable in the two ways there are, each with a program that says something and ends, and gives what
 * was compiled. Throws when a start does not end with 0, or when it compiled so little that it was not seen.
 */
export function compiledByStarts(executable: string, log: string): Functions {
  const folder = mkdtempSync(join(tmpdir(), 'foster-build-'))
  try {
    const plan = { programs: { web: { command: 'echo hello' } }, control: { socket: join(folder, 'socket') } }
    const file = join(folder, 'foster.yaml')
    writeFileSync(file, JSON.stringify(plan))
    const found = new Map<string, Set<number>>()
    for (const args of [
      ['-c', file],
      ['--', 'true'],
    ]) {
      execFileSync(executable, args, { stdio: 'ignore', env: { PATH: process.env.PATH } })
      take(readFileSync(log, 'latin1'), found)
    }
    const count = [...found.values()].reduce((sum, it) => sum + it.size, 0)
    if (count < 100) throw new Error(`${executable} compiles ${count} functions at a start: too few`)
    return Object.fromEntries([...found].map(([name, offsets]) => [name, [...offsets].sort((a, b) => a - b)]))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

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
