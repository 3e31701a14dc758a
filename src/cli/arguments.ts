/** The command line of foster: what is asked for, or what is wrong with it. Design, section 2. */
import { CommanderError } from 'commander'
import { clientWords } from './commands.ts'
import { grammar, runGrammar } from './grammar.ts'
import type { Found, Invocation } from './requests.ts'

/** Words that are foster's own, now or in a later version; a program of that name is run with `foster -- NAME`. */
export const commandWords = [
  ...[
    'run',
    'check',
    'config',
    'convert',
    'export',
    ...clientWords,
    'completion',
    'supervisord',
    'supervisorctl',
    'version',
    'help',
  ],
] as const

/** Parses the arguments after the program's name. */
export function parseArguments(args: readonly string[], version: string): Invocation {
  const [word = ''] = args
  const [, topic = ''] = args
  if (word === 'help' && topic !== '' && !(commandWords as readonly string[]).includes(topic)) {
    return { command: 'print', text: `foster: there is no command "${topic}"\n${tryHelp}`, exitCode: 2 }
  }
  if (word === '--version' || word === '-V') return { command: 'print', text: `foster ${version}\n`, exitCode: 0 }
  // CMD's words are never shown to commander, which would look for its own among them: `foster -- check`, `foster ls -h`.
  const isOther = otherWords.has(word)
  const { own, argv } = isOther ? { own: numbered(args), argv: [] } : splitCommand(args)
  let found: Invocation | undefined
  const take: Found = it => {
    found = it.command === 'run' ? { ...it, argv } : it
  }
  let printed = ''
  const print = (text: string): void => {
    printed += text
  }
  // A start does not pay for commands that it does not need.
  const isWhole = isOther || own.some(it => it === '--help' || it === '-h')
  const program = isWhole ? grammar(take, print, version) : runGrammar(take, print)
  try {
    program.parse([...own], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    const exitCode = error.exitCode === 0 ? 0 : 2
    // What commander finds itself it has printed; what we found is only thrown.
    const fault = printed === '' ? `${error.message}\n` : printed
    const isFile = error.code === 'commander.excessArguments' && ofFiles.has(word)
    const file = isFile ? 'A file is named with -c FILE.\n' : ''
    const help = isOther && word !== 'help' ? `Try: foster ${word} --help\n` : tryHelp
    return { command: 'print', text: exitCode === 0 ? printed : `foster: ${fault}${file}${help}`, exitCode }
  }
  return found ?? { command: 'print', text: program.helpInformation(), exitCode: 2 }
}

/** Command words other than `run`: all that follows them is foster's. */
const otherWords: ReadonlySet<string> = new Set(commandWords.filter(it => it !== 'run'))

/** supervisorctl's `tail -100 web` is `tail --bytes=100 web`. */
function numbered(args: readonly string[]): readonly string[] {
  return args[0] === 'tail' ? args.map(it => (/^-\d+$/.test(it) ? `--bytes=${it.slice(1)}` : it)) : args
}

/** Those that read a configuration. */
const ofFiles: ReadonlySet<string> = new Set(['check', 'config', 'export'])

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

const tryHelp = 'Try: foster --help\n'
