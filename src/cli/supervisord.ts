/** foster called as `supervisord`: its options, by the rules of Python's getopt and in its words. */

/** What the command line asks for. */
export type SupervisordInvocation =
  | {
      readonly command: 'supervisord'
      /** Undefined: the first of the usual places. */
      readonly file: string | undefined
      /** Options of `[supervisord]` that win over the file's. */
      readonly settings: ReadonlyMap<string, string>
    }
  | { readonly command: 'print'; readonly text: string; readonly exitCode: 0 | 2 }

/** An option: its letter, its word, what it sets, and whether a value follows. */
interface Option {
  readonly letter: string
  readonly word: string
  readonly takesValue: boolean
}

const flag = (letter: string, word: string): Option => ({ letter, word, takesValue: false })
const value = (letter: string, word: string): Option => ({ letter, word, takesValue: true })

const options: readonly Option[] = [
  ...[value('c', 'configuration'), flag('n', 'nodaemon'), flag('s', 'silent'), flag('h', 'help'), flag('?', '')],
  ...[flag('v', 'version'), value('u', 'user'), value('m', 'umask'), value('d', 'directory'), value('l', 'logfile')],
  ...[value('y', 'logfile_maxbytes'), value('z', 'logfile_backups'), value('e', 'loglevel'), value('j', 'pidfile')],
  ...[value('i', 'identifier'), value('q', 'childlogdir'), flag('k', 'nocleanup'), value('a', 'minfds')],
  ...[flag('t', 'strip_ansi'), value('', 'minprocs'), value('', 'profile_options')],
]

const help = `foster, called as supervisord: runs the programs of a Supervisor file in the foreground.

Usage: supervisord [options]

  -c, --configuration FILE    the file (else the first that exists of the usual places)
  -n, --nodaemon              accepted: foster always runs in the foreground
  -s, --silent                accepted
  -h, --help                  print this
  -v, --version               print the version
  -u, --user USER             run programs as this user unless they have one of their own
  -m, --umask UMASK           accepted, as supervisord in the foreground
  -d, --directory DIRECTORY   accepted, as supervisord in the foreground
  -l, --logfile FILE          accepted: what foster has to say goes to stderr
  -y, --logfile_maxbytes N    accepted
  -z, --logfile_backups N     accepted
  -e, --loglevel LEVEL        accepted
  -j, --pidfile FILE          where foster writes its pid
  -i, --identifier NAME       accepted
  -q, --childlogdir DIRECTORY accepted: what would be logged there is passed on to stdout and stderr
  -k, --nocleanup             accepted
  -a, --minfds N              accepted
  -t, --strip_ansi            not supported
      --minprocs N            accepted
`

/** Parses the arguments after the program's name; `called` is that name. */
export function parseSupervisord(args: readonly string[], called: string, version: string): SupervisordInvocation {
  const settings = new Map<string, string>()
  const given = getopt(args)
  const wrong = (message: string): SupervisordInvocation => {
    return { command: 'print', text: `Error: ${message}\nFor help, use ${called} -h\n`, exitCode: 2 }
  }
  if (typeof given === 'string') return wrong(given)
  for (const { option, written, value: text } of given.options) {
    if (option.word === 'help' || option.word === '') return { command: 'print', text: help, exitCode: 0 }
    if (option.word === 'version') return { command: 'print', text: `foster ${version}\n`, exitCode: 0 }
    if (settings.has(option.word)) return wrong(`conflicting command line option '${written}'`)
    settings.set(option.word, text ?? 'true')
  }
  if (given.rest.length > 0) {
    const words = given.rest.map(word => `'${word}'`).join(', ')
    return wrong(`positional arguments are not supported: [${words}]`)
  }
  const file = settings.get('configuration')
  for (const word of ['configuration', 'profile_options']) settings.delete(word)
  return { command: 'supervisord', file, settings }
}

interface Given {
  readonly option: Option
  readonly written: string
  readonly value: string | undefined
}

/** `getopt.getopt`: letters may stand together, words may be cut short; a string says what is wrong. */
function getopt(args: readonly string[]): { options: readonly Given[]; rest: readonly string[] } | string {
  const found: Given[] = []
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? ''
    if (word === '--') return { options: found, rest: args.slice(at + 1) }
    if (!word.startsWith('-') || word === '-') return { options: found, rest: args.slice(at) }
    const read = word.startsWith('--') ? longOption(word, args[at + 1]) : shortOptions(word, args[at + 1])
    if (typeof read === 'string') return read
    found.push(...read.options)
    if (read.tookNext) at++
  }
  return { options: found, rest: [] }
}

type Read = { readonly options: readonly Given[]; readonly tookNext: boolean } | string

function longOption(written: string, next: string | undefined): Read {
  const [, word = '', inline] = /^--([^=]*)(?:=(.*))?$/s.exec(written) ?? []
  const fitting = options.filter(option => option.word !== '' && option.word.startsWith(word))
  const option = fitting.find(it => it.word === word) ?? fitting[0]
  if (option === undefined) return `option --${word} not recognized`
  if (fitting.length > 1 && option.word !== word) return `option --${word} not a unique prefix`
  const name = `--${option.word}`
  if (!option.takesValue) {
    if (inline !== undefined) return `option ${name} must not have an argument`
    return { options: [{ option, written: name, value: undefined }], tookNext: false }
  }
  if (inline === undefined && next === undefined) return `option ${name} requires argument`
  return { options: [{ option, written: name, value: inline ?? next }], tookNext: inline === undefined }
}

function shortOptions(written: string, next: string | undefined): Read {
  const found: Given[] = []
  for (let at = 1; at < written.length; at++) {
    const letter = written.charAt(at)
    const option = options.find(it => it.letter === letter)
    if (option === undefined) return `option -${letter} not recognized`
    const inline = option.takesValue ? written.slice(at + 1) : ''
    if (option.takesValue && inline === '' && next === undefined) return `option -${letter} requires argument`
    found.push({ option, written: `-${letter}`, value: option.takesValue ? inline || next : undefined })
    if (option.takesValue) return { options: found, tookNext: inline === '' }
  }
  return { options: found, tookNext: false }
}

/** Where supervisord looks for its file; `called` is the path that it was called by. */
export function supervisordFiles(called: string): readonly string[] {
  const end = called.lastIndexOf('/')
  const above = end === -1 ? undefined : called.slice(0, end).replace(/\/?[^/]*$/, '')
  const beside = above === undefined ? [] : [`${above}/etc/supervisord.conf`, `${above}/supervisord.conf`]
  const usual = [
    'supervisord.conf',
    'etc/supervisord.conf',
    '/etc/supervisord.conf',
    '/etc/supervisor/supervisord.conf',
  ]
  return [...beside, ...usual]
}

/** What is said when none of them exists. */
export function noSupervisordFile(called: string): string {
  const places = supervisordFiles(called).join(', ')
  const message = `No config file found at default paths (${places}); use the -c option to specify a config file at a different path`
  return `Error: ${message}\nFor help, use ${called} -h\n`
}
