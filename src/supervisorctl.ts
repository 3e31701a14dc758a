/** Wires supervisorctl to the system that it runs on. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { isatty } from 'node:tty'
import { Ctl } from './cli/supervisorctl/ctl.ts'
import { parseSupervisorctl, type SupervisorctlOptions, usageFault } from './cli/supervisorctl/options.ts'
import { completions, runOne, runShell } from './cli/supervisorctl/session.ts'
import { supervisordFiles } from './cli/supervisord.ts'
import type { Facts } from './config/load.ts'
import { type ClientSettings, readClientSettings } from './config/supervisord/ctl.ts'
import type { Diagnostic } from './errors.ts'
import { exitNow } from './os/libc.ts'
import { addressesOf } from './os/names.ts'
import type { Signals } from './os/signals.ts'
import { openLines } from './os/typed.ts'
import { print } from './printing.ts'

/** Does what is asked, and ends the process. `called` is the name that foster was called by. */
export function supervisorctl(args: readonly string[], called: string, facts: () => Facts, signals: Signals): void {
  const given = parseSupervisorctl(args, called)
  if (given.command === 'print') return leave(given.exitCode, given.text)
  const settings = settingsFor(given, called, facts)
  if (typeof settings === 'string') return leave(2, usageFault(settings, called))
  // Who interrupts a client means to end it, and a shell is to see of what it ended.
  signals.release()
  run(given, settings).then(exitNow, (error: unknown) => {
    print(2, `foster: a bug of foster's: ${error instanceof Error ? error.stack : error}\n`)
    exitNow(1)
  })
}

/** What the file says, or why it cannot be used; nothing if there is none. */
function settingsFor(
  { file }: SupervisorctlOptions,
  called: string,
  facts: () => Facts,
): Partial<ClientSettings> | string {
  const path = file ?? supervisordFiles(called).find(it => existsSync(it))
  if (path === undefined) return {}
  if (!existsSync(path)) return `could not find config file ${path}`
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return `could not read config file ${path}`
  }
  const diagnostics: Diagnostic[] = []
  const settings = readClientSettings(text, path, facts(), diagnostics)
  const fault = diagnostics.find(({ severity }) => severity === 'error')
  return fault === undefined ? (settings ?? {}) : fault.message
}

async function run(given: SupervisorctlOptions, settings: Partial<ClientSettings>): Promise<number> {
  const interrupts: (() => void)[] = []
  const interrupted = (): void => interrupts.at(-1)?.()
  const lines = openLines(isatty(0) && isatty(1), {
    complete: line => completions(ctl, line),
    write: prompt => void print(1, prompt),
    interrupted,
  })
  const access = {
    serverurl: given.serverurl ?? settings.serverurl ?? 'http://localhost:9001',
    username: given.username ?? settings.username,
    password: given.password ?? settings.password,
  }
  const onInterrupt = (call: () => void): (() => void) => {
    if (interrupts.push(call) === 1) process.on('SIGINT', interrupted)
    return () => {
      interrupts.splice(interrupts.indexOf(call), 1)
      if (interrupts.length === 0) process.off('SIGINT', interrupted)
    }
  }
  const ask = (prompt: string, isSecret?: boolean): Promise<string | undefined> => lines.ask(prompt, isSecret)
  const ctl = new Ctl({ addressesOf, write: print, ask, onInterrupt }, access, given.isInteractive)
  try {
    if (given.words.length > 0) return await runOne(ctl, given.words)
    const file = given.historyFile ?? settings.historyFile
    lines.history.push(...readHistory(file))
    await runShell(ctl, settings.prompt ?? 'supervisor')
    writeHistory(file, lines.history)
    return 0
  } finally {
    lines.close()
  }
}

/** The lines of a history, the latest first. */
function readHistory(file: string | undefined): readonly string[] {
  try {
    return file === undefined ? [] : readFileSync(file, 'utf8').split('\n').filter(Boolean).reverse()
  } catch {
    return []
  }
}

function writeHistory(file: string | undefined, history: readonly string[]): void {
  if (file === undefined || history.length === 0) return
  try {
    writeFileSync(file, `${history.toReversed().join('\n')}\n`, { mode: 0o600 })
  } catch {
    // As supervisorctl: a history that cannot be kept is none.
  }
}

function leave(code: number, text: string): void {
  print(code === 0 ? 1 : 2, text)
  exitNow(code)
}
