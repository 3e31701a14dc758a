/** The command line of foster: what is asked for, or what is wrong with it. Design, section 2. */
import { Command, CommanderError, Help, type Option } from 'commander'

/** What the user asks for. */
export type Invocation =
  | {
      readonly command: 'run'
      readonly files: readonly string[]
      /** `-g`: signals go to CMD's process group. */
      readonly group: boolean
      /** `-e`: exit codes of CMD that count as 0. */
      readonly zeroCodes: readonly number[]
      /** Empty: none was given. */
      readonly argv: readonly string[]
    }
  | { readonly command: 'check'; readonly files: readonly string[]; readonly json: boolean }
  | {
      readonly command: 'config'
      readonly files: readonly string[]
      readonly origins: boolean
      readonly showSecrets: boolean
    }
  /** Text to print, and where. */
  | { readonly command: 'print'; readonly text: string; readonly exitCode: 0 | 2 }

/** Words that are foster's own, now or in a later version; a program of that name is run with `foster -- NAME`. */
export const commandWords = ['run', 'check', 'config', 'version', 'help'] as const
export const reservedWords = [
  'completion',
  'convert',
  'events',
  'export',
  'graph',
  'health',
  'logs',
  'pid',
  'reload',
  'restart',
  'shutdown',
  'signal',
  'start',
  'status',
  'stop',
  'supervisorctl',
  'tail',
] as const

const examples = `
With a configuration, foster runs its programs. Without one it runs CMD, as tini does:
signals are passed on, orphans reaped, CMD's exit code returned.

  foster -c foster.yaml        run the programs of a file
  foster check -c foster.yaml  look for faults, start nothing
  foster config --origins      what holds in the end, and where each value comes from
  foster -- nginx -g 'daemon off;'

These words are kept for later versions; a program of that name is run with --:
  ${reservedWords.slice(0, 9).join(', ')},
  ${reservedWords.slice(9).join(', ')}
`

/** Parses the arguments after the program's name. */
export function parseArguments(args: readonly string[], version: string): Invocation {
  const [word = ''] = args
  if ((reservedWords as readonly string[]).includes(word)) {
    const text = `foster: this version has no command "${word}"; a program of that name is run by: foster -- ${word}\n`
    return { command: 'print', text, exitCode: 2 }
  }
  if (word === 'version' || word === '--version' || word === '-V') {
    return { command: 'print', text: `foster ${version}\n`, exitCode: 0 }
  }
  // CMD's words are never shown to commander, which would look for its own among them: `foster -- check`, `foster ls -h`.
  const { own, argv } = otherWords.has(word) ? { own: args, argv: [] } : splitCommand(args)
  let printed = ''
  let found: Invocation | undefined
  const program = grammar(
    it => {
      found = it.command === 'run' ? { ...it, argv } : it
    },
    text => {
      printed += text
    },
  )
  try {
    program.parse([...own], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    const exitCode = error.exitCode === 0 ? 0 : 2
    // What commander finds itself it has printed; what we found is only thrown.
    const fault = printed === '' ? `${error.message}\n` : printed
    return { command: 'print', text: exitCode === 0 ? printed : `foster: ${fault}${tryHelp}`, exitCode }
  }
  return found ?? { command: 'print', text: program.helpInformation(), exitCode: 2 }
}

/** Command words other than `run`: all that follows them is foster's. */
const otherWords: ReadonlySet<string> = new Set(commandWords.filter(it => it !== 'run'))

/** Options of `run` that take the next word as their value. */
const takesValue = /^(--config|--exit-zero|-[^-ce]*[ce])$/

/** Where CMD begins: after `--`, or at the first word that is neither an option nor the value of one. */
function splitCommand(args: readonly string[]): { own: readonly string[]; argv: readonly string[] } {
  let at = args[0] === 'run' ? 1 : 0
  for (; at < args.length; at++) {
    const word = args[at] ?? ''
    if (word === '--') return { own: args.slice(0, at), argv: args.slice(at + 1) }
    if (!word.startsWith('-') || word === '-') break
    if (takesValue.test(word)) at++
  }
  return { own: args.slice(0, at), argv: args.slice(at) }
}

const forms = `[run] [-c FILE]... [-g] [-e CODE]... [--] [CMD [ARG...]]
       foster check [-c FILE]... [--json]
       foster config [-c FILE]... [--origins] [--show-secrets]`

/** The usage in short, for a foster that has nothing to do. */
export const usage = `Usage: foster ${forms}
       foster --help
`

const tryHelp = 'Try: foster --help\n'

interface RunOptions {
  readonly config?: readonly string[]
  readonly group?: boolean
  readonly exitZero?: readonly number[]
}

interface CheckOptions {
  readonly config?: readonly string[]
  readonly json?: boolean
}

interface ConfigOptions {
  readonly config?: readonly string[]
  readonly origins?: boolean
  readonly showSecrets?: boolean
}

function grammar(found: Found, print: (text: string) => void): Command {
  const output = {
    writeOut: print,
    writeErr: print,
    outputError: (text: string) => print(text.replace(/^error: /, '')),
  }
  const width = { getOutHelpWidth: () => 80, getErrHelpWidth: () => 80 }
  const program = new Command('foster')
    .description('The init of a container: several programs, every orphan reaped, an honest exit code.')
    .usage(forms)
    .exitOverride()
    .configureOutput({ ...output, ...width })
    .configureHelp({ visibleOptions })
    .enablePositionalOptions()
    .addHelpText('after', examples)
  addRun(program, found)
  addOthers(program, found)
  return program
}

type Found = (invocation: Invocation) => void

/** `run` is what foster does unless told otherwise, so its options stand in the help of foster itself. */
function visibleOptions(this: Help, command: Command): Option[] {
  const own = Help.prototype.visibleOptions.call(this, command)
  const run = command.parent === null ? command.commands.find(it => it.name() === 'run') : undefined
  return [...(run?.options ?? []), ...own]
}

function addRun(program: Command, found: Found): void {
  program
    .command('run', { isDefault: true })
    .description('be the init (the default)')
    .usage('[-c FILE]... [-g] [-e CODE]... [--] [CMD [ARG...]]')
    .argument('[CMD...]', 'a program to run, with its arguments')
    .option('-c, --config <FILE>', 'a configuration; later ones merge over earlier ones', collect)
    .option('-g, --group', "pass signals on to CMD's process group")
    .option('-e, --exit-zero <CODE>', 'an exit code of CMD that counts as 0', collectCode)
    .action((_argv: string[], { config = [], group = false, exitZero = [] }: RunOptions) => {
      found({ command: 'run', files: config, group, zeroCodes: exitZero, argv: [] })
    })
}

function addOthers(program: Command, found: Found): void {
  program
    .command('check')
    .description('look for faults in a configuration; starts nothing')
    .option('-c, --config <FILE>', 'a configuration; later ones merge over earlier ones', collect)
    .option('--json', 'print what is wrong as JSON')
    .action(({ config = [], json = false }: CheckOptions) => found({ command: 'check', files: config, json }))
  program
    .command('config')
    .description('print the configuration that holds in the end, as YAML')
    .option('-c, --config <FILE>', 'a configuration; later ones merge over earlier ones', collect)
    .option('--origins', 'say of each value where it comes from')
    .option('--show-secrets', 'show the values of variables and secrets')
    .action(({ config = [], origins = false, showSecrets = false }: ConfigOptions) => {
      found({ command: 'config', files: config, origins, showSecrets })
    })
  program.command('version').description('print the version')
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

function collectCode(value: string, before: readonly number[] = []): readonly number[] {
  if (!/^\d{1,3}$/.test(value) || Number(value) > 255) {
    throw new CommanderError(2, 'foster.code', `-e ${value}: an exit code is a number from 0 to 255`)
  }
  return [...before, Number(value)]
}
