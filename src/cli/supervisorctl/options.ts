/** foster called as `supervisorctl`: its options, in the words of Supervisor's. */
import { repr } from '../../config/supervisord/python.ts'
import { flag, getopt, type Option, value } from '../getopt.ts'

/** What the command line says. What it does not say is undefined: the file may. */
export interface SupervisorctlOptions {
  readonly command: 'supervisorctl'
  readonly file: string | undefined
  readonly serverurl: string | undefined
  readonly username: string | undefined
  readonly password: string | undefined
  readonly historyFile: string | undefined
  /** Nothing is to be done, or `-i`. */
  readonly isInteractive: boolean
  /** The action and its arguments. */
  readonly words: readonly string[]
}

export type SupervisorctlInvocation =
  | SupervisorctlOptions
  | { readonly command: 'print'; readonly text: string; readonly exitCode: 0 | 2 }

const options: readonly Option[] = [
  ...[flag('h', 'help'), flag('?', ''), value('c', 'configuration'), flag('i', 'interactive')],
  ...[value('s', 'serverurl'), value('u', 'username'), value('p', 'password'), value('r', 'history_file')],
]

const help = `foster, called as supervisorctl: steers the programs of a running foster or
supervisord.

Usage: supervisorctl [options] [action [arguments]]

  -c, --configuration FILE    the file whose [supervisorctl] is read (else the
                              first of the usual places)
  -h, --help                  print this
  -i, --interactive           ask before a shutdown or a reload
  -s, --serverurl URL         where the server listens: http://HOST:PORT or
                              unix:///PATH (else http://localhost:9001)
  -u, --username NAME         who to be there
  -p, --password PASSWORD     and the password
  -r, --history_file FILE     where the lines are kept that were typed

Without an action it asks for actions, line by line; the action "help" lists
them.
`

/** What is said to somebody who has called it in a wrong way, or whose file is faulty. */
export function usageFault(message: string, called: string): string {
  return `Error: ${message}\nFor help, use ${called} -h\n`
}

/** Parses the arguments after the program's name; `called` is that name. */
export function parseSupervisorctl(args: readonly string[], called: string): SupervisorctlInvocation {
  const wrong = (message: string): SupervisorctlInvocation => {
    return { command: 'print', text: usageFault(message, called), exitCode: 2 }
  }
  const given = getopt(args, options)
  if (typeof given === 'string') return wrong(given)
  const found = new Map<string, string>()
  for (const { option, written, value: text = '1' } of given.options) {
    if (option.word === 'help' || option.word === '') return { command: 'print', text: help, exitCode: 0 }
    if (option.word === 'serverurl' && !isUrl(text)) {
      return wrong(`invalid value for ${written} ${repr(text)}: value ${repr(text)} is not a URL`)
    }
    if (found.has(option.word)) return wrong(`conflicting command line option ${repr(written)}`)
    found.set(option.word, text)
  }
  return {
    ...{ command: 'supervisorctl', file: found.get('configuration'), serverurl: found.get('serverurl') },
    ...{ username: found.get('username'), password: found.get('password'), historyFile: found.get('history_file') },
    ...{ isInteractive: found.has('interactive') || given.rest.length === 0, words: given.rest },
  }
}

/** A scheme, and something behind it. */
function isUrl(text: string): boolean {
  return /^[A-Za-z][\w+.-]*:(?:\/\/[^/?#]|\/\/\/?[^?#]|[^?#])/.test(text)
}
