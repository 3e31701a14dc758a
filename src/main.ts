/** The composition root: from arguments and the state of the system to an init that runs, or to a message. */
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename, resolve } from 'node:path'
import { isatty } from 'node:tty'
import { commandWords, parseArguments } from './cli/arguments.ts'
import { usage } from './cli/grammar.ts'
import type { Invocation } from './cli/requests.ts'
import { noSupervisordFile, parseSupervisord, supervisordFiles } from './cli/supervisord.ts'
import { client } from './client.ts'
import { discover, type Facts, type Loaded, load, misnamed } from './config/load.ts'
import { type PrintOptions, printPlan, printSteps } from './config/print.ts'
import { checkReport } from './config/report.ts'
import { convertSupervisor } from './config/supervisord/convert.ts'
import { commandPlan, withCommand } from './core/command.ts'
import { nearest } from './core/nearest.ts'
import { unknownPrivileges } from './core/privileges.ts'
import { type Diagnostic, render } from './errors.ts'
import { wantsColour } from './log/format.ts'
import { openAccounts } from './os/accounts.ts'
import { candidates } from './os/executable.ts'
import { patientReader, whatIs } from './os/files.ts'
import { glob } from './os/glob.ts'
import { exitNow, foregroundOf } from './os/libc.ts'
import { ownPrivileges } from './os/privileges.ts'
import { activationWord, wrapperWord } from './os/self.ts'
import type { Signals } from './os/signals.ts'
import { writeTermination } from './os/termination.ts'
import { ownEnvironment } from './os/verbatim.ts'
import { becomeProgram } from './os/wrapper.ts'
import { print } from './printing.ts'
import { becomeActivated } from './run/activation.ts'
import { runInit } from './run/boot.ts'
import { placeControl } from './run/control-place.ts'
import type { Reloaded } from './run/reload.ts'
import { terminationMessage } from './run/termination.ts'
import { supervisorctl } from './supervisorctl.ts'
import { version } from './version.ts'

type Run = Extract<Invocation, { command: 'run' }>

/** Does what the command line asks for. The signals are being caught already. */
export function main(args: readonly string[], signals: Signals): void {
  if (args[0] === wrapperWord) return becomeProgram(Number(args[1]), Number(args[2]))
  if (args[0] === activationWord) return leave(...becomeActivated(args.slice(1)))
  if (args[0] === 'supervisord') return supervisord(args.slice(1), 'supervisord', signals)
  if (basename(process.argv0) === 'supervisord') return supervisord(args, process.argv0, signals)
  if (args[0] === 'supervisorctl') return supervisorctl(args.slice(1), 'supervisorctl', ownFacts, signals)
  if (basename(process.argv0) === 'supervisorctl') return supervisorctl(args, process.argv0, ownFacts, signals)
  const invocation = parseArguments(args, version)
  if (invocation.command === 'print') return leave(invocation.exitCode, invocation.text)
  const environment = ownEnvironment()
  // Who interrupts what is no init means to end it, also while it reads or computes.
  if (invocation.command !== 'run') signals.release()
  if (invocation.command === 'convert') return convert(invocation.file, facts(environment))
  if (invocation.command === 'client') return client(invocation, environment, () => facts(environment), signals)
  const named = invocation.files.map(file => (file === '-' ? '/dev/stdin' : file))
  const files = named.length > 0 ? named : discover(environment, existsSync)
  if (invocation.command === 'check') return check(files, facts(environment), invocation.json)
  if (invocation.command === 'config') return config(files, facts(environment), invocation)
  if (invocation.command === 'export') return exportAs(files, facts(environment), invocation)
  run(invocation, files, facts(environment), signals)
}

function run(invocation: Run, files: readonly string[], known: Facts, signals: Signals): void {
  const { argv } = invocation
  const isConfigured = files.length > 0 || Object.keys(known.environment).some(name => configures.test(name))
  if (!isConfigured)
    return argv.length === 0 ? leave(2, noConfiguration(misnamed(existsSync))) : runCommand(invocation, known, signals)
  const loaded = loadWith(invocation, files, known)
  report(loaded)
  if (loaded.plan === undefined) {
    lastWords(loaded)
    return leave(2, '')
  }
  // A slip of the pen must not start all programs. What has no name like a command's may be there when its turn comes.
  const meant = isMissing(argv, known) ? meantBy(argv) : undefined
  if (meant !== undefined) return leave(127, notFound(argv, meant))
  // The accounts may have changed as well.
  init(loaded, () => loadWith(invocation, files, facts(known.environment)), known, signals)
}

/** Runs what was loaded, unless another foster does so already. */
function init(loaded: Loaded, load: () => Loaded, known: Facts, signals: Signals): void {
  if (loaded.plan === undefined) return leave(2, '')
  const { control } = loaded.plan
  const place = control === undefined ? undefined : placeControl(control, known.uid, known.environment)
  if (place !== undefined && 'taken' in place) return leave(2, `foster: ${place.taken}\n`)
  const again = (): Reloaded => {
    const next = load()
    return { ...next, print: printing(next) }
  }
  runInit(loaded.plan, signals, { load: again, place, print: printing(loaded) })
}

/** Prints what is in force, of the programs that are to be seen: without what may be secret. */
function printing({ plan, written }: Loaded): Reloaded['print'] {
  return function* steps(isShown) {
    if (plan === undefined || written === undefined) return ''
    const templates = written.templates.filter(it => isShown(it.name))
    return yield* printSteps(plan, { ...written, templates }, { origins: false, showSecrets: false })
  }
}

/** As supervisord would be run: by its options, with its files. */
function supervisord(args: readonly string[], called: string, signals: Signals): void {
  const given = parseSupervisord(args, called, version)
  if (given.command === 'print') return leave(given.exitCode, given.text)
  const environment = ownEnvironment()
  const file = given.file ?? supervisordFiles(called).find(path => existsSync(path))
  if (file === undefined) return leave(2, noSupervisordFile(called))
  const again = (): Loaded => load([file], facts(environment), { supervisord: given.settings })
  const loaded = again()
  report(loaded)
  init(loaded, again, facts(environment), signals)
}

/** The configuration, with CMD as one more program where there is one. */
function loadWith({ argv }: Run, files: readonly string[], known: Facts): Loaded {
  const loaded = load(files, known, { allowEmpty: argv.length > 0 })
  const { plan } = loaded
  if (plan === undefined || argv.length === 0) return loaded
  if (!plan.programs.some(it => it.name === 'main')) {
    return { ...loaded, plan: withCommand(plan, argv, foregroundOf(0) > 0) }
  }
  return { ...loaded, plan: undefined, diagnostics: [...loaded.diagnostics, twoMains] }
}

/** A variable that says what to run. */
const configures = /^FOSTER_(PROGRAM_|_|CONFIG_INLINE$)/

const noConfiguration = (near: string | undefined): string => `foster: nothing to run: no configuration and no command
  A configuration is looked for in $FOSTER_CONFIG, /etc/foster/foster.yaml,
  /etc/foster.yaml and ./foster.yaml, and in the variables FOSTER_PROGRAM_*.
${near === undefined ? '' : `  There is ${near}: call it foster.yaml, or name it with -c.\n`}
${usage}`

const twoMains: Diagnostic = {
  code: 'invalid-name',
  severity: 'error',
  message: 'the configuration has a program "main", which is what CMD would be called',
  at: undefined,
  hint: 'give it another name',
}

function runCommand({ argv, group, zeroCodes }: Run, known: Facts, signals: Signals): void {
  if (isMissing(argv, known)) return leave(127, notFound(argv, meantBy(argv)))
  runInit(commandPlan(argv, group, zeroCodes), signals)
}

/** Whether CMD is a word that is not on the PATH. */
function isMissing([word]: readonly string[], { environment }: Facts): boolean {
  return word !== undefined && !word.includes('/') && candidates(word, environment.PATH, undefined).length === 0
}

/** What may have been meant by a CMD that is missing. */
function meantBy([word = '']: readonly string[]): string | undefined {
  return /\.(?:ya?ml|conf|ini)$/.test(word) ? `foster -c ${word}` : nearest(word, commandWords)
}

function notFound([word = '']: readonly string[], meant: string | undefined): string {
  return `foster: ${word}: not found${meant === undefined ? '' : `\n  did you mean "${meant}"?`}\n`
}

function check(files: readonly string[], known: Facts, asJson: boolean): void {
  const loaded = load(files, known)
  const code = loaded.plan === undefined ? 2 : 0
  if (asJson) {
    print(1, checkReport(loaded))
    return leave(code, '')
  }
  report(loaded)
  if (loaded.plan === undefined) return leave(2, '')
  const count = new Set(loaded.plan.programs.map(({ name }) => name)).size
  leave(0, `${files.join(', ') || 'the environment'}: ${count === 1 ? '1 program' : `${count} programs`}, no errors\n`)
}

function config(files: readonly string[], known: Facts, options: PrintOptions): void {
  const loaded = load(files, known)
  report(loaded)
  const { plan, written } = loaded
  if (plan === undefined || written === undefined) return leave(2, '')
  leave(0, printPlan(plan, written, options))
}

/** Its parts are loaded only here. */
function exportAs(files: readonly string[], known: Facts, wanted: Extract<Invocation, { command: 'export' }>): void {
  // It will run elsewhere: what this foster may do says nothing.
  const loaded = load(files, { ...known, privileges: unknownPrivileges })
  report(loaded)
  if (loaded.plan === undefined) return leave(2, '')
  const paths = files.map(file => resolve(file))
  import('./config/export/export.ts')
    .then(({ exported }) => {
      const text = exported(loaded, paths, wanted)
      leave(text === undefined ? 2 : 0, text ?? 'foster: there are no programs to export\n')
    })
    .catch((error: unknown) => leave(1, `foster: a bug of foster's: ${error instanceof Error ? error.stack : error}\n`))
}

function convert(file: string, known: Facts): void {
  // Only what the file says is written down.
  const environment = Object.fromEntries(
    Object.entries(known.environment).filter(([name]) => !name.startsWith('FOSTER_')),
  )
  const loaded = load([file], { ...known, environment }, { supervisord: new Map() })
  report(loaded)
  const supervisor = loaded.plan && loaded.written?.supervisor
  leave(supervisor === undefined ? 2 : 0, supervisor === undefined ? '' : convertSupervisor(supervisor))
}

/** Every fault, on stderr, before anything is started. */
function report({ diagnostics, source }: Loaded): void {
  if (diagnostics.length === 0) return
  const isColoured = wantsColour(isatty(2), process.env)
  for (const diagnostic of diagnostics) print(2, `${render(diagnostic, source, isColoured)}\n`)
}

/** The faults, for whoever asks why the container ended; not where somebody tries something in a container that runs. */
function lastWords({ diagnostics, source }: Loaded): void {
  if (process.pid !== 1) return
  const faults = diagnostics.filter(({ severity }) => severity === 'error')
  const lines = faults.slice(0, 10).map(fault => render(fault, source).split('\n')[0] ?? '')
  const message = 'the configuration is faulty, nothing was started'
  writeTermination(terminationMessage({ cause: 'configuration', message, exit_code: 2 }, lines))
}

function facts(environment: Readonly<Record<string, string>>): Facts {
  return {
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    environment,
    ...{ readFile: patientReader(), glob, whatIs, hostName: hostname, directory: () => process.cwd() },
    ...openAccounts(),
    privileges: ownPrivileges,
  }
}

const ownFacts = (): Facts => facts(ownEnvironment())

/** Ends foster before it was an init. */
function leave(code: number, text: string): void {
  print(code === 0 ? 1 : 2, text)
  exitNow(code)
}
