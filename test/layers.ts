/** Reads the code as text and says where it breaks a rule of the layout. Design, section 12. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

/** A file by its path from the project's root, with `/`. */
export interface Source {
  readonly path: string
  readonly text: string
}

export interface Import {
  readonly from: string
  /** The path of a file of the project, or the name of a module. */
  readonly to: string
  /** `import type`: nothing of it is left when the code runs. */
  readonly isType: boolean
}

/** All TypeScript below a folder; none if there is no such folder. */
export function sourcesIn(root: string, folder: string): readonly Source[] {
  const entries = readdirSync(root, { withFileTypes: true }).some(it => it.name === folder)
    ? readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    : []
  const paths = entries.filter(it => it.endsWith('.ts')).map(it => `${folder}/${it.replaceAll('\\', '/')}`)
  return paths.sort().map(path => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

const stringOrComment = /('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g

/** The code without comments. */
export function withoutComments(text: string): string {
  return text.replace(stringOrComment, (_, string: string | undefined) => string ?? ' ')
}

/** The code without comments and without the insides of strings. */
export function bareCode(text: string): string {
  return text.replace(stringOrComment, (_, string: string | undefined) => (string === undefined ? ' ' : "''"))
}

const statement = /^[ \t]*(?:import|export)\s+(type\s+)?(?:[\w$*{},\s]+?\s+from\s+)?['"]([^'"]+)['"]/gm
const call = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

/** Everything that a file imports, static and dynamic. */
export function importsOf({ path, text }: Source): readonly Import[] {
  const code = withoutComments(text)
  const to = (name: string): string => (name.startsWith('.') ? posix.join(posix.dirname(path), name) : name)
  return [
    ...[...code.matchAll(statement)].map(it => ({ from: path, to: to(it[2] ?? ''), isType: it[1] !== undefined })),
    ...[...code.matchAll(call)].map(it => ({ from: path, to: to(it[1] ?? ''), isType: false })),
  ]
}

/** `core`, `os`, ... ; a file at the top of src is a layer of its own if it has a rule, else it is part of `main`. */
function layerOf(path: string): string {
  const [, first = '', second] = path.split('/')
  if (second !== undefined) return first
  const name = first.replace(/\.ts$/, '')
  return name in layers ? name : 'main'
}

/** What a layer may import: whole layers, or (`core:types`) only types of one, or one file. */
const layers: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  version: [],
  core: ['errors'],
  config: ['core', 'errors'],
  api: ['core', 'errors'],
  // Names and numbers of signals are words, not rules.
  os: ['core:types', 'src/core/signal.ts', 'errors'],
  log: ['core:types', 'errors'],
  run: ['core', 'config', 'api', 'os', 'log', 'errors', 'version'],
  // How people write durations is no rule of the configuration's own; how Python and XML-RPC write things is none either.
  cli: [
    ...['src/api/protocol.ts', 'src/api/answers.ts', 'src/api/supervisor/codec.ts', 'src/api/supervisor/faults.ts'],
    ...['src/config/duration.ts', 'src/config/supervisord/python.ts', 'errors', 'version'],
  ],
  main: ['core', 'config', 'api', 'os', 'log', 'run', 'cli', 'errors', 'version', 'main'],
}

/** Imports against the direction. */
export function wrongDirections(sources: readonly Source[]): readonly string[] {
  return sources.flatMap(importsOf).flatMap(({ from, to, isType }) => {
    if (!to.startsWith('src/')) return []
    const own = layerOf(from)
    const other = layerOf(to)
    const may = layers[own]
    if (may === undefined) return [`${from}: the folder ${own} has no rule`]
    const fine = own === other || may.includes(other) || may.includes(to) || (isType && may.includes(`${other}:types`))
    return fine ? [] : [`${from} imports ${isType ? 'types of ' : ''}${to}`]
  })
}

/** Modules that only certain files may name. */
const owners: readonly { readonly module: RegExp; readonly owner: string }[] = [
  { module: /^node:ffi$/, owner: 'src/os/libc.ts' },
  { module: /^(node:)?child_process$|^execa$/, owner: 'src/os/children.ts' },
]

/** Imports of modules that belong to another file. */
export function wrongOwners(sources: readonly Source[]): readonly string[] {
  return sources.flatMap(source => {
    const named = [
      ...importsOf(source).map(it => it.to),
      ...[...withoutComments(source.text).matchAll(/(?:require|getBuiltinModule)\(\s*['"]([^'"]+)['"]/g)].map(
        it => it[1] ?? '',
      ),
    ]
    return owners.flatMap(({ module, owner }) =>
      source.path !== owner && named.some(it => module.test(it))
        ? [`${source.path}: only ${owner} names ${module}`]
        : [],
    )
  })
}

const impure =
  /\b(Date|performance|setTimeout|setInterval|setImmediate|queueMicrotask|globalThis|console|require|fetch|crypto|Buffer)\b(?!\s*[:?]|\s*=[^=>])|\bMath\.random\b|\bimport\.meta\b|(?<!\.)\bprocess\s*\??[.[]/

/** What makes core impure: a module from outside, a clock, chance, the environment. */
export function impurities(sources: readonly Source[]): readonly string[] {
  return sources.flatMap(source => {
    const foreign = importsOf(source).filter(it => !it.to.startsWith('src/'))
    const lines = bareCode(source.text).split('\n')
    return [
      ...foreign.map(it => `${source.path} imports ${it.to}`),
      ...lines.flatMap(line => {
        const found = impure.exec(line)
        return found === null ? [] : [`${source.path} uses ${found[0]}: ${line.trim()}`]
      }),
    ]
  })
}

const waits = /\b(setTimeout|setInterval|sleep|spawn|spawnSync|execFile|execFileSync|exec|execSync|fork|execa)\s*\(/
const waitModules = /^(node:)?(timers|timers\/promises|child_process|cluster)$|^execa$/

/** Sleeping and spawning in a unit test. */
export function waitsAndSpawns(sources: readonly Source[]): readonly string[] {
  return sources.flatMap(source => [
    ...importsOf(source).flatMap(it => (waitModules.test(it.to) ? [`${source.path} imports ${it.to}`] : [])),
    ...bareCode(source.text)
      .split('\n')
      .flatMap(line => {
        const found = waits.exec(line)
        if (found === null || line[found.index - 1] === '.' || /\bfunction\s*$/.test(line.slice(0, found.index)))
          return []
        return [`${source.path} calls ${found[1]}`]
      }),
  ])
}

/** Files over so many lines. */
export function tooLong(sources: readonly Source[], most: number): readonly string[] {
  return sources.flatMap(({ path, text }) => {
    const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
    return lines > most ? [`${path}: ${lines} lines`] : []
  })
}

/** Files that do not begin with a comment. */
export function headless(sources: readonly Source[]): readonly string[] {
  return sources.flatMap(({ path, text }) => (text.startsWith('/**') ? [] : [path]))
}

/** Cycles of imports, each as the files in it. `types`: whether imports of types count. */
export function importCycles(sources: readonly Source[], types: boolean): readonly string[] {
  const edges = new Map<string, readonly string[]>()
  for (const source of sources) {
    const counted = importsOf(source).filter(it => types || !it.isType)
    edges.set(source.path, [...new Set(counted.map(it => it.to))])
  }
  const reach = (from: string): ReadonlySet<string> => {
    const found = new Set<string>()
    const todo = [...(edges.get(from) ?? [])]
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      if (!found.has(next)) todo.push(...(edges.get(next) ?? []))
      found.add(next)
    }
    return found
  }
  const all = new Map([...edges.keys()].map(path => [path, reach(path)]))
  const cycles = [...all].flatMap(([path, reached]) => {
    if (!reached.has(path)) return []
    return [[...all.keys()].filter(it => reached.has(it) && all.get(it)?.has(path)).join(' <-> ')]
  })
  return [...new Set(cycles)]
}
