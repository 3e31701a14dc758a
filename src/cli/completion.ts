/** Completion scripts for shells, made from the commands themselves; names of programs are asked of the running foster. */
import type { Command, Option } from 'commander'

/** The shells there are scripts for. */
export const shells = ['bash', 'zsh', 'fish'] as const

export type Shell = (typeof shells)[number]

/** What of a command is completed. */
interface Word {
  readonly name: string
  readonly about: string
  readonly options: readonly Option[]
  /** Whether names of programs may follow. */
  readonly takesNames: boolean
  /** Other words that may follow. */
  readonly words: readonly string[]
}

/** The script of a shell. */
export function completion(shell: Shell, program: Command): string {
  const words = wordsOf(program)
  return { bash, zsh, fish }[shell](words)
}

const signals = ['HUP', 'INT', 'QUIT', 'KILL', 'USR1', 'USR2', 'TERM', 'CONT', 'STOP', 'TSTP', 'WINCH']

function wordsOf(program: Command): readonly Word[] {
  const hidden = new Set(['help'])
  return program.commands
    .filter(command => !hidden.has(command.name()))
    .map(command => ({
      name: command.name(),
      about: command.description(),
      options: command.options,
      takesNames: command.registeredArguments.some(it => it.name() === 'NAME'),
      words: command.registeredArguments.flatMap(it => (it.name() === 'SIGNAL' ? signals : (it.argChoices ?? []))),
    }))
}

const flagsOf = (word: Word): readonly string[] => [
  ...word.options.flatMap(({ long, short }) => [long, short].flatMap(it => it ?? [])),
  '--help',
]

/** Options of all commands that are followed by a file, or by one of several words. */
const fileOptions = ['--config', '-c', '--socket']

function choices(words: readonly Word[]): ReadonlyMap<string, readonly string[]> {
  const options = words.flatMap(it => it.options)
  return new Map(options.flatMap(it => (it.argChoices === undefined ? [] : [[it.long ?? '', it.argChoices]])))
}

function bash(words: readonly Word[]): string {
  const cases = words.map(
    word =>
      `    ${word.name}) words=(${word.words.join(' ')}) flags=(${flagsOf(word).join(' ')}) names=${word.takesNames ? 1 : 0} ;;`,
  )
  const values = [...choices(words)].map(([option, of]) => `    ${option}) words=(${of.join(' ')}) ;;`)
  return `# bash completion for foster: source <(foster completion bash)
_foster() {
  local line=\${COMP_LINE:0:COMP_POINT} cur prev word name names=0 words=() flags=()
  # Taken from the line itself: bash would split web:0 at the colon.
  cur=\${line##*[[:space:]]}
  prev=\${line%"$cur"}
  prev=\${prev%"\${prev##*[![:space:]]}"}
  prev=\${prev##*[[:space:]]}
  COMPREPLY=()
  case $prev in
    ${fileOptions.join('|')}) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
${values.join('\n')}
    *)
  if [[ $COMP_CWORD -eq 1 ]]; then
    words=(${words.map(it => it.name).join(' ')}) flags=(--help --version)
  else
    case \${COMP_WORDS[1]} in
${cases.map(it => `  ${it}`).join('\n')}
    esac
  fi ;;
  esac
  [[ $cur == -* ]] && words=("\${flags[@]}") names=0
  if [[ $names -eq 1 ]]; then
    while IFS= read -r name; do words+=("$name"); done < <("\${COMP_WORDS[0]}" completion names 2>/dev/null)
  fi
  for word in "\${words[@]}"; do
    [[ $word == "$cur"* ]] && COMPREPLY+=("$word")
  done
  if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
    prev=\${cur%"\${cur##*:}"}
    COMPREPLY=("\${COMPREPLY[@]#"$prev"}")
  fi
}
complete -F _foster foster
`
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

function zsh(words: readonly Word[]): string {
  const described = words.map(it => `    ${quoted(`${it.name}:${it.about}`)}`)
  const cases = words.map(
    word =>
      `    ${word.name}) choices=(${word.words.join(' ')}) flags=(${flagsOf(word).join(' ')}) names=${word.takesNames ? 1 : 0} ;;`,
  )
  const values = [...choices(words)].map(([option, of]) => `    ${option}) compadd -- ${of.join(' ')}; return ;;`)
  return `#compdef foster
# zsh completion for foster: source <(foster completion zsh)
_foster() {
  local names=0
  local -a commands choices flags running
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    if [[ $PREFIX == -* ]]; then compadd -- --help --version; else _describe command commands; fi
    return
  fi
  case $words[CURRENT-1] in
    ${fileOptions.join('|')}) _files; return ;;
${values.join('\n')}
  esac
  case $words[2] in
${cases.join('\n')}
  esac
  if [[ $PREFIX == -* ]]; then compadd -a flags; return; fi
  if (( names )); then running=(\${(f)"$($words[1] completion names 2>/dev/null)"}); fi
  compadd -a choices running
}
# Loaded by its name it is to complete at once; sourced it is to be known.
if [[ $funcstack[1] == _foster ]]; then _foster "$@"; else compdef _foster foster; fi
`
}

function fish(words: readonly Word[]): string {
  const lines = words.flatMap(word => {
    const after = `-n '__fish_seen_subcommand_from ${word.name}'`
    const options = word.options.map(option => {
      const names = [option.short && `-s ${option.short.slice(1)}`, option.long && `-l ${option.long.slice(2)}`]
      const value = option.required ? (option.argChoices ? `-xa '${option.argChoices.join(' ')}'` : '-r') : ''
      const parts = [...names, value].filter(Boolean).join(' ')
      return `complete -c foster ${after} ${parts} -d ${quoted(option.description)}`
    })
    return [
      `complete -c foster -n __fish_use_subcommand -a ${word.name} -d ${quoted(word.about)}`,
      ...(word.words.length > 0 ? [`complete -c foster ${after} -a '${word.words.join(' ')}'`] : []),
      ...(word.takesNames ? [`complete -c foster ${after} -a '(foster completion names 2>/dev/null)'`] : []),
      ...options,
    ]
  })
  return `# fish completion for foster: foster completion fish | source
complete -c foster -f
${lines.join('\n')}
`
}
