/** `FOSTER_PROGRAM_*` and `FOSTER__*` -> a tree over that of the files (design section 4). */
import type { Diagnostic } from '../errors.ts'
import { typed } from './interpolate.ts'
import { mergeTrees } from './merge.ts'
import { keysBelow, programKeys, topKeys } from './schema.ts'
import {
  addAll,
  type Entry,
  fault,
  find,
  type Origin,
  optionOf,
  type RawTree,
  type Scalar,
  type Tree,
  warning,
} from './tree.ts'
import { parseYaml } from './yaml.ts'

/** A variable that sets something: the path in the configuration, and the value. */
interface Setting {
  readonly variable: string
  readonly path: readonly string[]
  readonly value: string
}

/** Variables that are foster's but no configuration. */
const known: ReadonlySet<string> = new Set(
  ['CONFIG', 'CONFIG_INLINE', 'SOCKET', 'NAME', 'GROUP', 'REPLICA'].map(name => `FOSTER_${name}`),
)

/** What Kubernetes sets for a service called `foster` or `foster-...`. */
const serviceLink = /^FOSTER_(?:.*_)?(?:SERVICE_HOST|SERVICE_PORT(?:_.+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_.+)?)$/

/** Merges what the environment sets over the tree of the files. A fault names the variable. */
export function applyVariables(
  tree: Tree,
  environment: Readonly<Record<string, string>>,
  diagnostics: Diagnostic[],
): Tree {
  const names = Object.keys(environment).filter(name => name.startsWith('FOSTER_') && !known.has(name))
  if (names.length === 0) return tree
  const settings: Setting[] = []
  const programs = programsIn(tree)
  const counts = definedBy(names)
  for (const variable of names.sort()) {
    const value = environment[variable] ?? ''
    if (isServiceLink(variable, value)) continue
    const parts = partsOf(variable)
    const own = programOf(variable)
    const isProgram = (part: string): boolean => {
      const defined = programName(part, none)
      const others = (counts.get(defined) ?? 0) - (defined === own ? 1 : 0)
      return others > 0 || programs.has(programName(part, programs))
    }
    const slip = parts && oneUnderscore(parts, isProgram)
    const deeper = parts && slip === undefined ? oneLevelMore(parts) : undefined
    if (parts === undefined) diagnostics.push(unknown(variable))
    else if (parts.some((part, index) => part === '' || (index === 1 && part.startsWith('_'))))
      diagnostics.push(emptyPart(variable))
    else if (slip !== undefined) diagnostics.push(slipFault(variable, parts, slip))
    else if (deeper !== undefined) diagnostics.push(deeperFault(variable, deeper))
    else {
      const [top, part = '', ...below] = parts
      if (top === 'programs' && below.length === 0 && !isProgram(part))
        diagnostics.push(...looksLikeKey(variable, part))
      settings.push({ variable, path: pathOf(parts, programs), value })
    }
  }
  // Deeper paths come later: a single key wins over the map that holds it, whatever the names' order.
  settings.sort((a, b) => a.path.length - b.path.length)
  return merge(settings, tree, diagnostics)
}

/** Merges the settings over the tree; those of one program over that program, so that the others are copied once. */
function merge(settings: readonly Setting[], tree: Tree, diagnostics: Diagnostic[]): Tree {
  const isDeep = ({ path }: Setting): boolean => path[0] === 'programs' && path.length > 2
  const over = (below: Tree, setting: Setting): Tree => mergeTrees(below, nest(setting, diagnostics))
  const merged = settings.filter(it => !isDeep(it)).reduce(over, tree)
  const byProgram = Map.groupBy(settings.filter(isDeep), ({ path }) => path[1] ?? '')
  const programs = merged.kind === 'map' ? merged.entries.get('programs') : undefined
  if (merged.kind !== 'map' || programs?.node.kind !== 'map') return settings.filter(isDeep).reduce(over, merged)
  const entries = new Map(programs.node.entries)
  for (const [name, own] of byProgram) {
    const before = entries.get(name)
    const alone: Tree = { ...programs.node, entries: new Map(before && [[name, before]]) }
    const top: Tree = { ...merged, entries: new Map([['programs', { at: programs.at, node: alone }]]) }
    const after = find(own.reduce(over, top), ['programs', name])
    entries.set(name, after)
  }
  const all = new Map(merged.entries)
  all.set('programs', { at: programs.at, node: { ...programs.node, entries } })
  return { ...merged, entries: all }
}

function isServiceLink(variable: string, value: string): boolean {
  if (variable.includes('__')) return false
  return serviceLink.test(variable) || (/_PORT$/.test(variable) && /^(?:tcp|udp|sctp):\/\//.test(value))
}

/** `FOSTER_PROGRAM_WEB__RESTART` is programs, WEB, RESTART; undefined if the variable is no setting. */
function partsOf(variable: string): readonly string[] | undefined {
  if (variable.startsWith('FOSTER__')) {
    const [first = '', ...rest] = variable.slice('FOSTER__'.length).split('__')
    return [first.toLowerCase(), ...rest]
  }
  if (!variable.startsWith('FOSTER_PROGRAM_')) return undefined
  return ['programs', ...variable.slice('FOSTER_PROGRAM_'.length).split('__')]
}

function pathOf(parts: readonly string[], programs: ReadonlyMap<string, string>): readonly string[] {
  const path: string[] = []
  for (const [index, part] of parts.entries()) {
    const [top, , key] = path
    // A variable's own name may contain "__", and its case matters.
    const option = optionOf(path)
    if (option.length === 1 && ['environment', 'secrets'].includes(String(option[0]))) {
      return [...path, parts.slice(index).join('__')]
    }
    const isProgram = top === 'programs' && (index === 1 || (index === 3 && key === 'depends_on'))
    path.push(isProgram ? programName(part, programs) : part.toLowerCase())
  }
  if (path[0] === 'programs' && path.length === 2) path.push('command')
  return path
}

/** The program that a part of a variable's name means: one of the files' if its name fits, `_` before `-`. */
function programName(part: string, files: ReadonlyMap<string, string>): string {
  const lower = part.toLowerCase()
  const dashed = lower.replaceAll('_', '-')
  return files.get(lower) ?? files.get(dashed) ?? files.get(`~${lower}`) ?? dashed
}

/** The programs of the files by name and, behind a `~`, by how a variable writes them. */
function programsIn(tree: Tree): ReadonlyMap<string, string> {
  const programs = tree.kind === 'map' ? tree.entries.get('programs')?.node : undefined
  const names = programs?.kind === 'map' ? [...programs.entries.keys()] : []
  const found = new Map<string, string>()
  for (const name of names.toReversed()) found.set(`~${name.toLowerCase().replace(/[-.]/g, '_')}`, name)
  for (const name of names) found.set(name, name)
  return found
}

/** How many variables define each program. */
function definedBy(variables: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const variable of variables) {
    const name = programOf(variable)
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

function programOf(variable: string): string | undefined {
  const parts = partsOf(variable)
  return parts?.[0] === 'programs' && parts[1] ? programName(parts[1], none) : undefined
}

const none: ReadonlyMap<string, string> = new Map()

/** `WEB_RESTART` where a program `web` is known: one underscore where two were meant. The program's part and the key's. */
function oneUnderscore(
  parts: readonly string[],
  isProgram: (part: string) => boolean,
): readonly [string, string] | undefined {
  const [top, part = ''] = parts
  if (top !== 'programs' || isProgram(part)) return undefined
  for (const key of programKeys.map(name => name.toUpperCase())) {
    const end = part.toUpperCase().indexOf(`_${key}`)
    if (end <= 0 || !isProgram(part.slice(0, end))) continue
    const rest = part.slice(end + 1 + key.length)
    if (rest === '' || (key === 'ENVIRONMENT' && rest.startsWith('_'))) {
      return [part.slice(0, end), rest === '' ? key : `${key}_${rest}`]
    }
  }
  return undefined
}

function slipFault(variable: string, parts: readonly string[], [program, key]: readonly [string, string]): Diagnostic {
  const name = programName(parts[1] ?? '', none)
  const message = `one underscore: this would be the command of a program "${name}"`
  const right = ['', program, key, ...parts.slice(2)].join('__').slice(2)
  return fault({ variable }, 'one-underscore', message, `did you mean FOSTER_PROGRAM_${right}?`)
}

/** Keys that a program's name may well end in. */
const plausible: ReadonlySet<string> = new Set([
  ...['log', 'user', 'group', 'groups', 'shell', 'secrets', 'probes', 'healthcheck', 'stdin', 'tty', 'nice', 'kind'],
])

/** `WEB_RESTART` where no program `web` is known: it may be called so, or be without it. */
function looksLikeKey(variable: string, part: string): readonly Diagnostic[] {
  const lower = part.toLowerCase()
  const key = programKeys.find(it => lower.endsWith(`_${it}`) && lower.length > it.length + 1 && !plausible.has(it))
  if (key === undefined) return []
  const program = part.slice(0, -key.length - 1)
  const message = `this is the command of a program "${programName(part, none)}"`
  const hint = `the key of a program "${programName(program, none)}" is FOSTER_PROGRAM_${program}__${key.toUpperCase()}`
  return [warning({ variable }, 'one-underscore', message, hint)]
}

/** `SHUTDOWN_TIMEOUT` where `SHUTDOWN__TIMEOUT` was meant: a key that is none, of two that are. The right parts. */
function oneLevelMore(parts: readonly string[]): readonly string[] | undefined {
  const [top = '', ...below] = parts
  const isProgram = top === 'programs' || top === 'defaults'
  const at = top === 'programs' ? 1 : 0
  const before = isProgram ? below.slice(0, at) : []
  const [part = '', ...rest] = isProgram ? below.slice(at) : parts
  const keys = isProgram ? programKeys : topKeys
  const word = part.toLowerCase()
  if (word === '' || keys.includes(word)) return undefined
  for (const key of keys.filter(it => word.startsWith(`${it}_`))) {
    const name = part.slice(key.length + 1)
    const isKey = keysBelow(key, isProgram).includes(name.toLowerCase())
    const isFree = key === 'environment' || key === 'secrets'
    if (isKey || isFree)
      return [...(isProgram ? [top, ...before] : []), key, isKey ? name.toLowerCase() : name, ...rest]
  }
  return undefined
}

function deeperFault(variable: string, parts: readonly string[]): Diagnostic {
  const [top, ...rest] = parts.map(part => (/[A-Z]/.test(part) ? part : part.toUpperCase()))
  const right = top === 'PROGRAMS' ? `FOSTER_PROGRAM_${rest.join('__')}` : `FOSTER__${[top, ...rest].join('__')}`
  return fault({ variable }, 'one-underscore', 'one underscore where "__" goes down a level', `did you mean ${right}?`)
}

function emptyPart(variable: string): Diagnostic {
  const message = 'a part of the name is empty: "__" stands between a program, a key and the keys below it'
  const rest = /^FOSTER_PROGRAM__+(.+)$/.exec(variable)?.[1]
  return fault({ variable }, 'invalid-variable', message, rest && `did you mean FOSTER_PROGRAM_${rest}?`)
}

function unknown(variable: string): Diagnostic {
  const rest = variable.slice('FOSTER_'.length).toUpperCase()
  const top = topKeys.find(key => rest === key.toUpperCase() || rest.startsWith(`${key.toUpperCase()}_`))
  const below = top && rest.slice(top.length + 1).replace(/^_+/, '')
  const plural = /^FOSTER_PROGRAMS?_+(.+)$/i.exec(variable)?.[1]
  const meant = plural ? `FOSTER_PROGRAM_${plural}` : top && `FOSTER__${top.toUpperCase()}${below ? `__${below}` : ''}`
  const hint = meant ? `did you mean ${meant}?` : undefined
  return warning({ variable }, 'unknown-variable', 'foster knows no such variable, it is ignored', hint)
}

/** The tree that holds nothing but the setting. */
function nest(setting: Setting, diagnostics: Diagnostic[]): Tree {
  const at: Origin = { variable: setting.variable }
  return setting.path.reduceRight<Tree>(
    (node, key) => ({ kind: 'map', at, entries: new Map([[key, { at, node }]]) }),
    readValue(setting, diagnostics),
  )
}

/**
 * Values are scalars or flow collections. Below `environment` they are taken as they are, and so are commands unless
 * they are lists: a shell's quotes there are not YAML's.
 */
function readValue({ variable, path, value }: Setting, diagnostics: Diagnostic[]): Tree {
  const at: Origin = { variable }
  const option = optionOf(path)
  const isProgram = path[0] === 'programs' || path[0] === 'defaults'
  const isCommand = isProgram && option.length === 1 && /^(?:stop_)?command$/.test(String(option[0]))
  const isVariable = option.length === 2 && (option[0] === 'environment' || option[0] === 'secrets')
  const isText = isVariable || (isCommand && !/^\s*\[/.test(value))
  if (isText) return { kind: 'scalar', at, text: value, plain: false, masked: false, value }
  if (!/^\s*[[{"']/.test(value)) return typed({ kind: 'raw', at, text: value.trim(), plain: true })
  const parsed = parseYaml(value, variable)
  const list = isCommand && { hint: 'a command that begins with "[" is a list of words, such as [/bin/sh, -c, "..."]' }
  addAll(
    diagnostics,
    parsed.diagnostics.map(diagnostic => ({ ...diagnostic, at, ...list })),
  )
  if (parsed.tree !== undefined) return settle(parsed.tree, at)
  return { kind: 'scalar', at, text: '', plain: false, masked: true, value: '', faulty: true }
}

/** Gives a parsed value its types and the variable as its place. */
function settle(tree: RawTree, at: Origin): Tree {
  if (tree.kind === 'raw') return typed({ ...tree, at })
  if (tree.kind === 'list') return { kind: 'list', at, items: tree.items.map(item => settle(item, at)) }
  const entries = new Map<string, Entry<Scalar>>()
  for (const [key, entry] of tree.entries) entries.set(key, { at, node: settle(entry.node, at) })
  return { kind: 'map', at, entries }
}
