/** The variables that the configuration gives to programs, each with the place it comes from. */
import { type EnvFile, type FileVariable, parseEnvFile } from './env-file.ts'
import { literal } from './expand.ts'
import { hasOtherLineEnds } from './line-ends.ts'
import type { ProgramSettings } from './schema.ts'
import type { Shape, WrittenProgram } from './shape.ts'
import { readText, type Sources } from './sources.ts'
import { addAll, fault, find, type Origin, type Path, resolvePath, type Tree } from './tree.ts'

/** A variable of a program. `inherited`: it is written without a value, which is foster's own. */
export interface Variable {
  /** With `%(name)` and `%(replica)` still to be filled in. */
  readonly value: string
  readonly at: Origin
  readonly inherited: boolean
}

/** A file that a variable's value is read from at each start. */
export interface Secret {
  readonly path: string
  readonly at: Origin
}

/** What a program finds beside what it inherits. No name is in both. */
export interface ProgramEnvironment {
  readonly variables: ReadonlyMap<string, Variable>
  readonly secrets: ReadonlyMap<string, Secret>
}

/** A variable as it is written. */
interface Written {
  readonly value: string | null
  readonly at: Origin
  /** Whether `%(name)` stands for the program's name in it. */
  readonly expands: boolean
}

type Layer = Map<string, Written>

interface Composing {
  readonly shape: Shape
  readonly sources: Sources
  /** Files that were read, by path. */
  readonly files: Map<string, EnvFile>
}

/** How many variables all programs together may have. */
const mostVariables = 200_000

/**
 * Composes the environments of the programs, each file read once:
 * environment > secrets > env_file > the top level's environment > its env_file.
 */
export function environmentsOf(shape: Shape, sources: Sources): ReadonlyMap<string, ProgramEnvironment> {
  const composing: Composing = { shape, sources, files: new Map() }
  const top: Layer = new Map()
  addFiles(shape.settings.env_file, ['env_file'], top, composing)
  addVariables(shape.settings.environment, ['environment'], top, composing)
  const environments = new Map<string, ProgramEnvironment>()
  let count = 0
  for (const program of shape.programs) {
    const environment = compose(program, top, composing)
    environments.set(program.name, environment)
    count += environment.variables.size
    if (count <= mostVariables) continue
    const message = `the environments of all programs together have more than ${mostVariables} variables`
    sources.diagnostics.push(fault(program.entry.at, 'too-large', message))
    break
  }
  return environments
}

function compose({ name, settings }: WrittenProgram, top: Layer, composing: Composing): ProgramEnvironment {
  const path = ['programs', name]
  const layer: Layer = new Map(top)
  addFiles(settings.env_file, [...path, 'env_file'], layer, composing)
  const secrets = secretsOf(settings.secrets, [...path, 'secrets'], composing)
  for (const secret of secrets.keys()) layer.delete(secret)
  addVariables(settings.environment, [...path, 'environment'], layer, composing)
  const own = composing.sources.environment
  const variables = new Map<string, Variable>()
  for (const [variable, { value, at, expands }] of layer) {
    const text = value ?? (Object.hasOwn(own, variable) ? own[variable] : undefined)
    if (text === undefined) continue
    secrets.delete(variable)
    const set = expands && value !== null ? text : literal(text)
    variables.set(variable, { value: set, at, inherited: value === null })
  }
  return { variables, secrets }
}

function addVariables(written: ProgramSettings['environment'], path: Path, layer: Layer, composing: Composing): void {
  const { shape, sources } = composing
  for (const [name, value, step] of pairsOf(written)) {
    const { at, node } = find(shape.tree, [...path, step])
    if (value === null && name.includes(':')) sources.diagnostics.push(fault(at, 'invalid-value', ...noBlank))
    else if (/^[^=\0]+$/.test(name)) layer.set(name, { value, at: value === null ? at : node.at, expands: true })
    else sources.diagnostics.push(fault(at, 'invalid-value', wrongName))
  }
}

const noBlank = [
  'expected the name of a variable, without ":"',
  'write NAME: VALUE with a blank, or NAME=VALUE',
] as const

const wrongName = 'expected NAME=VALUE, the name without "=" and not empty'

function pairsOf(written: ProgramSettings['environment']): ReadonlyArray<[string, string | null, string | number]> {
  if (!Array.isArray(written)) return Object.entries(written ?? {}).map(([name, value]) => [name, value, name])
  return (written as readonly string[]).map((item, index) => {
    const end = item.indexOf('=')
    return end === -1 ? [item, null, index] : [item.slice(0, end), item.slice(end + 1), index]
  })
}

function addFiles(written: ProgramSettings['env_file'], path: Path, layer: Layer, composing: Composing): void {
  const isList = Array.isArray(written)
  const entries = (isList ? written : written == null ? [] : [written]) as readonly EnvFileEntry[]
  let earlier: ReadonlyMap<string, FileVariable> = new Map()
  for (const [index, entry] of entries.entries()) {
    const place = isList ? [...path, index] : path
    const { path: file, required } = typeof entry === 'string' ? { path: entry, required: true } : entry
    const { node } = find(composing.shape.tree, typeof entry === 'string' ? place : [...place, 'path'])
    if (file == null || file === '' || file.includes('\0')) {
      composing.sources.diagnostics.push(fault(node.at, 'invalid-value', 'expected the path of a file, got nothing'))
      continue
    }
    const found = fileAt(resolvePath(file, node.at), node, required ?? true, earlier, composing)
    for (const [name, { value, at }] of found) layer.set(name, { value, at, expands: false })
    if (found.size > 0) earlier = new Map([...earlier, ...found])
  }
}

type EnvFileEntry = string | { readonly path?: string | null; readonly required?: boolean | null }

function fileAt(
  file: string,
  written: Tree,
  required: boolean,
  earlier: ReadonlyMap<string, FileVariable>,
  { sources, files }: Composing,
): ReadonlyMap<string, FileVariable> {
  const key = [file, ...earlier.keys()].join('\0')
  const known = files.get(key)
  if (known !== undefined) return known.variables
  if (!required && !exists(file, sources)) return new Map()
  const shown = written.kind === 'scalar' ? written.shown : undefined
  const text = readText(file, written.at, sources, shown)
  if (text === undefined || hasOtherLineEnds(text, file, sources.diagnostics)) return new Map()
  const parsed = parseEnvFile(text, file, sources.environment, earlier)
  files.set(key, parsed)
  sources.texts.set(file, { text, secrets: parsed.secrets })
  addAll(sources.diagnostics, parsed.diagnostics)
  return parsed.variables
}

/** Whether a file is there: one that is there and cannot be read is a fault, required or not. */
function exists(file: string, { files }: Sources): boolean {
  try {
    files.readFile(file)
    return true
  } catch (error) {
    return !['ENOENT', 'ENOTDIR'].includes((error as { code?: string }).code ?? '')
  }
}

function secretsOf(
  written: ProgramSettings['secrets'],
  path: Path,
  { shape, sources }: Composing,
): Map<string, Secret> {
  const secrets = new Map<string, Secret>()
  for (const [name, file] of Object.entries(written ?? {})) {
    const { at, node } = find(shape.tree, [...path, name])
    // Without a value it takes back what the defaults or an earlier file say.
    if (file === null) continue
    if (!/^[^=\0]+$/.test(name)) {
      sources.diagnostics.push(fault(at, 'invalid-value', 'expected the name of a variable, without "=" and not empty'))
    } else if (file === '') {
      sources.diagnostics.push(fault(node.at, 'invalid-value', 'expected the path of a file, got nothing'))
    } else secrets.set(name, { path: resolvePath(file, node.at), at: node.at })
  }
  return secrets
}
