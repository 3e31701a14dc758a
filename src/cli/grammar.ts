/** foster's command line as commander knows it: every command, its options and its help. */
import { Argument, Command, CommanderError, Help, Option } from 'commander'
import { addClientCommands, socketOption } from './commands.ts'
import { completion, shells } from './completion.ts'
import { exportFormats, type Found } from './requests.ts'

const examples = `
With a configuration, foster runs its programs. Without one it runs CMD, as tini
does: signals are passed on, orphans reaped, CMD's exit code returned.

  foster -c foster.yaml        run the programs of a file
  foster check -c foster.yaml  look for faults, start nothing
  foster -- nginx -g 'daemon off;'
  foster status                how the programs of the running foster are
  foster logs -f web           what one of them writes

A program that is called as one of the commands is run with --: foster -- start.
`

const forms = `[run] [-c FILE]... [-g] [-e CODE]... [--] [CMD [ARG...]]
       foster check [-c FILE]... [--json]
       foster config [-c FILE]... [--origins] [--show-secrets]
       foster export kubernetes|compose --image IMAGE [-c FILE]...
       foster COMMAND [NAME...]`

/** The usage in short, for a foster that has nothing to do. */
export const usage = `Usage: foster ${forms}
       foster --help
`

type Print = (text: string) => void

/** The command line with all commands. */
export function grammar(found: Found, print: Print, version: string): Command {
  const program = bare(print).configureHelp({ visibleOptions }).addHelpText('after', examples)
  addRun(program, found)
  addChecks(program, found)
  addSupervisor(program, found)
  addExport(program, found)
  program.commandsGroup('Commands for a running foster:')
  addClientCommands(program, (request, socket) => found({ command: 'client', request, socket }))
  program.commandsGroup('Other commands:')
  addCompletion(program, found)
  program
    .command('version')
    .description('print the version')
    .option('--json', 'as JSON')
    .action(({ json = false }: { json?: boolean }) => {
      const text = json ? JSON.stringify({ version }) : `foster ${version}`
      found({ command: 'print', text: `${text}\n`, exitCode: 0 })
    })
  return program
}

/** The command line of the init alone. */
export function runGrammar(found: Found, print: Print): Command {
  const program = bare(print)
  addRun(program, found)
  return program
}

function bare(print: Print): Command {
  const output = {
    writeOut: print,
    writeErr: print,
    outputError: (text: string) => print(text.replace(/^error: /, '')),
  }
  const width = { getOutHelpWidth: () => 80, getErrHelpWidth: () => 80 }
  return new Command('foster')
    .description('The init of a container: several programs, every orphan reaped, an honest exit code.')
    .usage(forms)
    .exitOverride()
    .configureOutput({ ...output, ...width })
    .enablePositionalOptions()
}

/** `run` is what foster does unless told otherwise, so its options stand in the help of foster itself. */
function visibleOptions(this: Help, command: Command): Option[] {
  const own = Help.prototype.visibleOptions.call(this, command)
  const run = command.parent === null ? command.commands.find(it => it.name() === 'run') : undefined
  return [...(run?.options ?? []), ...own]
}

interface RunOptions {
  readonly config?: readonly string[]
  readonly group?: boolean
  readonly exitZero?: readonly number[]
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

interface CheckOptions {
  readonly config?: readonly string[]
  readonly json?: boolean
}

interface ConfigOptions {
  readonly config?: readonly string[]
  readonly origins?: boolean
  readonly showSecrets?: boolean
  readonly running?: boolean
  readonly socket?: string
}

function addChecks(program: Command, found: Found): void {
  program
    .command('check')
    .description('look for faults in a configuration; starts nothing')
    .option('-c, --config <FILE>', 'a configuration; later ones merge over earlier ones', collect)
    .option('--json', 'print what is wrong as JSON')
    .action(({ config = [], json = false }: CheckOptions) => found({ command: 'check', files: config, json }))
  const running = new Option('--running', 'of the running foster: what is in force there')
  program
    .command('config')
    .description('print the configuration that holds in the end, as YAML')
    .option('-c, --config <FILE>', 'a configuration; later ones merge over earlier ones', collect)
    .option('--origins', 'say of each value where it comes from')
    .option('--show-secrets', 'show the values of variables and secrets')
    .addOption(running.conflicts(['config', 'origins', 'showSecrets']))
    .addOption(socketOption())
    .action(({ config = [], origins = false, showSecrets = false, running: isRunning, socket }: ConfigOptions) => {
      if (isRunning) found({ command: 'client', request: { do: 'config' }, socket })
      else found({ command: 'config', files: config, origins, showSecrets })
    })
}

function addSupervisor(program: Command, found: Found): void {
  program
    .command('convert')
    .description('print a Supervisor file as the YAML that says the same')
    .argument('<FILE>', 'a supervisord.conf')
    .action((file: string) => found({ command: 'convert', file }))
  // Its own options are read elsewhere, as supervisord reads them.
  program
    .command('supervisord')
    .description('run a Supervisor file as supervisord would be called to')
    .usage('[-c FILE] [-n] [OPTION]...')
    .addHelpText(
      'after',
      "\nThe options are supervisord's. foster does the same where it is called by the name supervisord.\n",
    )
  program
    .command('supervisorctl')
    .description('be the client of a supervisord, or of a foster that runs a Supervisor file')
    .usage('[-c FILE] [-s URL] [OPTION]... [ACTION [ARG]...]')
    .addHelpText(
      'after',
      "\nOptions and actions are supervisorctl's. foster does the same where it is called by the name supervisorctl.\n",
    )
}

interface ExportOptions {
  readonly config?: readonly string[]
  readonly image: string
  readonly name?: string
  readonly showSecrets?: boolean
}

function addExport(program: Command, found: Found): void {
  program
    .command('export')
    .description('print the programs as containers of their own')
    .addArgument(new Argument('<FORMAT>', 'a pod, or a Compose file').choices(exportFormats))
    .requiredOption('--image <IMAGE>', 'the image that every container runs')
    .option('--name <NAME>', 'of the pod or project; else after the folder of the file', dnsLabel)
    .option('-c, --config <FILE>', 'a configuration; later ones merge over earlier ones', collect)
    .option('--show-secrets', 'write values that came from variables, in place of references')
    .action((format: (typeof exportFormats)[number], { config = [], image, name, showSecrets }: ExportOptions) => {
      found({ command: 'export', files: config, format, image, name, showSecrets: showSecrets ?? false })
    })
}

/** Scripts for shells, and what they complete names from. */
const completes = [...shells, 'names'] as const

function addCompletion(program: Command, found: Found): void {
  program
    .command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<SHELL>', "which one; names: programs' names, for the scripts").choices(completes))
    .addOption(socketOption())
    .addHelpText('after', '\nbash: source <(foster completion bash)    fish: foster completion fish | source\n')
    .action((what: (typeof completes)[number], { socket }: { socket?: string }) => {
      if (what === 'names') found({ command: 'client', request: { do: 'names' }, socket })
      else found({ command: 'print', text: completion(what, program), exitCode: 0 })
    })
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

function dnsLabel(value: string): string {
  if (/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(value)) return value
  const message = `--name ${value}: expected a DNS label: small letters, digits and "-" between them, at most 63`
  throw new CommanderError(2, 'foster.name', message)
}

function collectCode(value: string, before: readonly number[] = []): readonly number[] {
  if (!/^\d{1,3}$/.test(value) || Number(value) > 255) {
    throw new CommanderError(2, 'foster.code', `-e ${value}: an exit code is a number from 0 to 255`)
  }
  return [...before, Number(value)]
}
