/** The commands that talk to a running foster, as commander knows them: their options, their help, what they ask for. */
import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { formatDuration, parseDuration } from '../config/duration.ts'
import { type ClientRequest, graphFormats } from './requests.ts'

/** The words of these commands. */
export const clientWords = [
  'status',
  'start',
  'stop',
  'restart',
  'signal',
  'tail',
  'logs',
  'events',
  'pid',
  'reload',
  'shutdown',
  'health',
  'graph',
] as const

/** Is told what was asked for. */
export type Asked = (request: ClientRequest, socket: string | undefined) => void

/** What is said of names in each help. */
const namesHelp = `
NAME is a program, one of its replicas (web:0), a group (GROUP:*), or all.
`

interface Shared {
  readonly json?: boolean
  readonly socket?: string
}

/** Adds the commands to foster's own. */
export function addClientCommands(program: Command, asked: Asked): void {
  addStatus(program, asked)
  addActions(program, asked)
  addSignal(program, asked)
  addTail(program, asked)
  addLogs(program, asked)
  addEvents(program, asked)
  addPid(program, asked)
  addHealth(program, asked)
  addGraph(program, asked)
  addReload(program, asked)
  addShutdown(program, asked)
}

/** The option that all of them have. */
export function socketOption(): Option {
  return new Option(
    '--socket <PATH>',
    "the running foster's socket; else $FOSTER_SOCKET, the configuration, the usual places",
  ).argParser(parsePath)
}

function parsePath(text: string): string {
  if (text === '') throw new InvalidArgumentError('Expected a path.')
  return text
}

function addStatus(program: Command, asked: Asked): void {
  program
    .command('status')
    .description('show the state of programs')
    .argument('[NAME...]', 'only these')
    .addHelpText('after', namesHelp)
    .option('--json', 'as JSON: what GET /v1/status answers')
    .addOption(socketOption())
    .action((names: string[], { json = false, socket }: Shared) => asked({ do: 'status', names, json }, socket))
}

const actions = {
  start: ['start programs, and wait until they are ready', 'ready'],
  stop: ['stop programs, and wait until they are gone', 'gone'],
  restart: ['stop programs, start them again, and wait until they are ready', 'ready'],
} as const

function addActions(program: Command, asked: Asked): void {
  for (const [word, [about, until]] of Object.entries(actions)) {
    const action = word as keyof typeof actions
    program
      .command(word)
      .description(about)
      .argument('<NAME...>', 'which ones')
      .addHelpText('after', namesHelp)
      .option('--no-wait', `do not wait until they are ${until}`)
      .option('--timeout <DURATION>', 'wait so long at most: 30, 30s, 1m30s', parseTimeout)
      .option('--json', 'as JSON')
      .addOption(socketOption())
      .action((names: string[], given: Shared & { wait: boolean; timeout?: number }) => {
        const { json = false, wait, timeout, socket } = given
        asked({ do: action, names, wait, timeout, json }, socket)
      })
  }
}

function addSignal(program: Command, asked: Asked): void {
  program
    .command('signal')
    .description('send a signal to programs')
    .argument('<SIGNAL>', 'HUP, SIGHUP or 1')
    .argument('<NAME...>', 'which ones')
    .addHelpText('after', namesHelp)
    .option('--json', 'as JSON')
    .addOption(socketOption())
    .action((signal: string, names: string[], { json = false, socket }: Shared) =>
      asked({ do: 'signal', signal, names, json }, socket),
    )
}

type Stream = 'stdout' | 'stderr'
const streams: readonly Stream[] = ['stdout', 'stderr']

/** Bytes that `tail` shows without a number: supervisorctl's. */
const tailBytes = 1600

function addTail(program: Command, asked: Asked): void {
  program
    .command('tail')
    .description("show the end of a program's output, as it was written")
    .argument('<NAME>', 'which one')
    .addArgument(new Argument('[STREAM]', 'of which output').choices(streams).default('stdout'))
    .option('-f, --follow', 'go on with what is written from now on, until Ctrl-C')
    .option('-b, --bytes <N>', 'the last N bytes (also -N)', parseCount, tailBytes)
    .option('--json', 'as JSON, one object a line')
    .addOption(socketOption())
    .action((name: string, stream: Stream, given: Shared & { follow?: boolean; bytes: number }) => {
      const { follow = false, bytes, json = false, socket } = given
      asked({ do: 'tail', name, stream, bytes, follow, json }, socket)
    })
}

interface LogsOptions extends Shared {
  readonly follow?: boolean
  readonly lines?: number
  readonly stream?: Stream
}

function addLogs(program: Command, asked: Asked): void {
  program
    .command('logs')
    .description("show programs' output, each line with its program")
    .argument('[NAME...]', 'only these')
    .addHelpText('after', namesHelp)
    .option('-f, --follow', 'go on with what is written from now on, until Ctrl-C')
    .option('-n, --lines <N>', 'the last N lines of each process (all that are in memory)', parseCount)
    .addOption(new Option('--stream <STREAM>', 'only this one').choices(streams))
    .option('--json', 'as JSON, one object a line')
    .addOption(socketOption())
    .action((names: string[], { follow = false, lines, stream, json = false, socket }: LogsOptions) => {
      asked({ do: 'logs', names, stream, lines, follow, json }, socket)
    })
}

function addEvents(program: Command, asked: Asked): void {
  program
    .command('events')
    .description('show what has happened')
    .argument('[NAME...]', 'only to these')
    .addHelpText('after', namesHelp)
    .option('-f, --follow', 'go on with what happens from now on, until Ctrl-C')
    .option('--since <N>', 'only events after this number', parseCount)
    .option('--json', 'as JSON, one object a line')
    .addOption(socketOption())
    .action((names: string[], given: Shared & { follow?: boolean; since?: number }) => {
      const { follow = false, since, json = false, socket } = given
      asked({ do: 'events', names, since, follow, json }, socket)
    })
}

function addPid(program: Command, asked: Asked): void {
  program
    .command('pid')
    .description("print foster's own pid, or those of programs (0: not running)")
    .argument('[NAME...]', 'of these')
    .addHelpText('after', namesHelp)
    .option('--json', 'as JSON')
    .addOption(socketOption())
    .action((names: string[], { json = false, socket }: Shared) => asked({ do: 'pid', names, json }, socket))
}

function addHealth(program: Command, asked: Asked): void {
  program
    .command('health')
    .description('say whether the container is healthy, by exit code: 0 or 1')
    .option('--ready', 'whether it is ready to serve (the default)')
    .addOption(new Option('--live', 'whether foster itself answers').conflicts(['ready', 'startup']))
    .addOption(new Option('--startup', 'whether it has started').conflicts(['ready', 'live']))
    .option('--json', 'as JSON')
    .addOption(socketOption())
    .action(({ json = false, live, startup, socket }: Shared & { live?: boolean; startup?: boolean }) => {
      asked({ do: 'health', kind: live ? 'live' : startup ? 'startup' : 'ready', json }, socket)
    })
}

function addGraph(program: Command, asked: Asked): void {
  program
    .command('graph')
    .description('show what depends on what')
    .addOption(new Option('--format <FORMAT>', 'how').choices(graphFormats).default('text'))
    .option('--json', 'the same as --format json')
    .addOption(socketOption())
    .action(({ json = false, format, socket }: Shared & { format: (typeof graphFormats)[number] }) => {
      asked({ do: 'graph', format: json ? 'json' : format }, socket)
    })
}

function addReload(program: Command, asked: Asked): void {
  program
    .command('reload')
    .description('read the configuration again, and change what differs; a faulty one changes nothing')
    .option('--dry-run', 'only say what would change')
    .option('--json', 'as JSON')
    .addOption(socketOption())
    .action(({ json = false, dryRun = false, socket }: Shared & { dryRun?: boolean }) => {
      asked({ do: 'reload', dryRun, json }, socket)
    })
}

function addShutdown(program: Command, asked: Asked): void {
  program
    .command('shutdown')
    .description('stop all programs, and with them the container')
    .option('--json', 'as JSON')
    .addOption(socketOption())
    .action(({ json = false, socket }: Shared) => asked({ do: 'shutdown', json }, socket))
}

function parseCount(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.')
  return Number(text)
}

function parseTimeout(text: string): number {
  const millis = parseDuration(text)
  if (millis === undefined)
    throw new InvalidArgumentError(`Expected a duration such as 30s or ${formatDuration(90_000)}.`)
  return millis
}
