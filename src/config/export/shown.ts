/** What of a plan an export shows: as `foster config` does, `***` for what came from variables, but for numbers. */
import type { Program } from '../../core/plan.ts'
import type { ProbeName } from '../../core/probe.ts'
import { expand } from '../expand.ts'
import type { Written } from '../load.ts'
import { isMasked, nodeAt } from '../print.ts'
import { commandOfTest } from '../probes.ts'
import type { Tree } from '../tree.ts'
import { splitWords } from '../words.ts'

/** A value as it is shown. */
export interface Said<T> {
  readonly value: T
  /** Something in it is `***`. */
  readonly isMasked: boolean
}

/** Tells what is shown of a program. */
export interface Shown {
  readonly text: (program: Program, path: readonly string[], actual: string) => Said<string>
  readonly words: (program: Program, path: readonly string[], actual: readonly string[]) => Said<readonly string[]>
  /** The command of a probe, or what else it asks. */
  readonly probe: {
    readonly command: (program: Program, probe: ProbeName, actual: readonly string[]) => Said<readonly string[]>
    readonly text: (program: Program, probe: ProbeName, key: string, actual: string) => Said<string>
    readonly header: (actual: string) => Said<string>
  }
  /** Whether the value of a variable under `environment` is written in the configuration itself. */
  readonly isLiteral: (program: Program, variable: string) => boolean
}

/** Tells it of what was loaded. */
export function shownOf({ shape, environments }: Written, showSecrets: boolean): Shown {
  const programs = new Map(shape.programs.map(it => [it.name, it]))
  const at = (program: Program, path: readonly string[]): Tree | undefined => {
    const own = programs.get(program.name)
    const node = own && nodeAt(own.entry.node, path)
    return node !== undefined && !showSecrets && isMasked(node) ? node : undefined
  }
  const text = (program: Program, path: readonly string[], actual: string): Said<string> => {
    const node = at(program, path)
    return node === undefined ? plain(actual) : masked(shownText(node, program))
  }
  const words = (program: Program, path: readonly string[], actual: readonly string[]): Said<readonly string[]> => {
    const node = at(program, path)
    if (node === undefined) return plain(actual)
    const isShell = programs.get(program.name)?.settings.shell === true
    return masked(shownWords(node, program, actual, isShell && path[0] === 'command'))
  }
  const command = (program: Program, probe: ProbeName, actual: readonly string[]): Said<readonly string[]> => {
    const test = at(program, ['healthcheck', 'test'])
    const isOwn = programs.get(program.name)?.settings.probes?.[probe] != null
    if (isOwn || test === undefined) return words(program, ['probes', probe, 'exec'], actual)
    const shown = test.kind === 'list' ? test.items.map(it => shownText(it, program)) : shownText(test, program)
    return masked(commandOfTest(shown) ?? ['***'])
  }
  return {
    ...{ text, words },
    probe: {
      command,
      text: (program, probe, key, actual) => {
        const path = ['probes', probe, ...key.split('.')]
        return text(program, nodeAtAny(at, program, path) ? path : path.slice(0, 3), actual)
      },
      header: actual => (showSecrets ? plain(actual) : masked('***')),
    },
    isLiteral: ({ name }, variable) => {
      const found = environments.get(name)?.variables.get(variable)
      if (showSecrets || found === undefined) return showSecrets
      const own = programs.get(name)
      const nodes = [own && nodeAt(own.entry.node, ['environment']), nodeAt(shape.tree, ['environment'])]
      return !found.inherited && nodes.some(node => node !== undefined && holds(node, found.at))
    },
  }
}

const plain = <T>(value: T): Said<T> => ({ value, isMasked: false })
const masked = <T>(value: T): Said<T> => ({ value, isMasked: true })

type At = (program: Program, path: readonly string[]) => Tree | undefined
const nodeAtAny = (at: At, program: Program, path: readonly string[]): boolean => at(program, path) !== undefined

/** Whether the value at a place is among these, and none that a variable was filled into. */
function holds(node: Tree, place: unknown): boolean {
  if (node.kind === 'scalar') return node.at === place && !node.masked && !('variable' in node.at)
  const below = node.kind === 'list' ? node.items : [...node.entries.values()].map(entry => entry.node)
  return below.some(it => holds(it, place))
}

function shownText(node: Tree, program: Program): string {
  if (node.kind !== 'scalar') return '***'
  return expand(node.masked ? (node.shown ?? '***') : node.text, program)
}

function shownWords(node: Tree, program: Program, actual: readonly string[], isShell: boolean): readonly string[] {
  if (node.kind === 'list' && node.items.length === actual.length) return node.items.map(it => shownText(it, program))
  if (node.kind !== 'scalar') return ['***']
  const shown = shownText(node, program)
  if (isShell) return [...actual.slice(0, 2), shown]
  const words = splitWords(shown)
  return 'message' in words ? ['***'] : words
}
