/** foster called as `supervisord`: its options, by the rules of Python's getopt and in its words. */
import { flag, getopt, type Option, value } from './getopt.ts'

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

const options: readonly Option[] = [
  ...[value('c', 'configuration'), flag('n', 'nodaemon'), flag('s', 'silent'), flag('h', 'help'), flag('?', '')],
  ...[flag('v', 'version'), value('u', 'user'), value('m', 'umask'), value('d', 'directory'), value('l', 'logfile')],
  ...[value('y', 'logfile_maxbytes'), value('z', 'logfile_backups'), value('e', 'loglevel'), value('j', 'pidfile')],
  ...[value('i', 'identifier'), value('q', 'childlogdir'), flag('k', 'nocleanup'), value('a', 'minfds')],
  ...[flag('t', 'strip_ansi'), value('', 'minprocs'), value('', 'profile_options')],
]

const help = `foster, called as supervisord: runs the programs of a Supervisor file, always in
the foreground.

Usage: supervisord [options]

  -c, --configuration FILE    the file (else the first of the usual places)
  -n, --nodaemon              accepted: foster always runs in the foreground
  -s, --silent                undo what -e debug does
  -h, --help                  print this
  -v, --version               print the version
  -u, --user USER             run programs as this user, unless they have one
  -m, --umask UMASK           accepted, as supervisord in the foreground
  -d, --directory DIRECTORY   accepted, as supervisord in the foreground
  -l, --logfile FILE          accepted: what foster has to say goes to stderr
  -y, --logfile_maxbytes N    accepted
  -z, --logfile_backups N     accepted
  -e, --loglevel LEVEL        debug: what goes to files is on stdout too
  -j, --pidfile FILE          where foster writes its pid
  -i, --identifier NAME       accepted
  -q, --childlogdir DIRECTORY accepted: output goes to stdout and stderr
  -k, --nocleanup             accepted
  -a, --minfds N              accepted
  -t, --strip_ansi            take colours and the like out of output
      --minprocs N            accepted
`

/** Parses the arguments after the program's name; `called` is that name. */
export function parseSupervisord(args: readonly string[], called: string, version: string): SupervisordInvocation {
  const settings = new Map<string, string>()
  const given = getopt(args, options)
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
