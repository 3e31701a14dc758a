/** The executable, in steps that the bench leaves out one by one to see what each is good for. */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { dropCodeCache } from './code-cache.ts'
import { licenceOfNode, licencesFile, licencesOf } from './licences.ts'
import { compiledByStarts, logging } from './started.ts'

/**
 * V8's options, the same while the snapshot is made and when it is read. The built-in functions are not copied next to
 * compiled code, and the baseline compiler, which wants them there, is off: that saves 5 ms of a start and little runs
 * often here. A small young generation keeps what a thousand starts leave behind from staying resident, and one thread
 * for the compiler and the collector instead of four keeps three arenas of the allocator from filling. The code that
 * is in the snapshot stays: it is what a start needs.
 *
 * Not among them, though it would save 8 ms more: --no-rehash-snapshot. With one known seed for all hashes, a program
 * whose log lines carry other people's JSON would let them choose keys that collide, and PID 1 would stand still.
 */
export const v8Options = [
  '--no-short-builtin-calls',
  '--no-sparkplug',
  '--max-semi-space-size=1',
  '--v8-pool-size=1',
  '--no-flush-bytecode',
]

/** What is done to make a start fast and the file small. */
export interface Steps {
  /** The heap after everything is loaded, to be read back; else the bundle is run at each start. */
  readonly snapshot: boolean
  /** What a start was seen to compile is in the snapshot compiled. */
  readonly precompile: boolean
  /** Symbols are a quarter of the file, and nobody debugs PID 1 with gdb. */
  readonly strip: boolean
  /** The code cache of Node's modules is taken out. */
  readonly dropCodeCache: boolean
  readonly v8Options: readonly string[]
}

export const allSteps: Steps = { snapshot: true, precompile: true, strip: true, dropCodeCache: true, v8Options }

/** What runs at each start where there is no snapshot. */
const plainEntry = `
  import { catchSignals } from './os/signals.ts'
  import { ownArguments } from './os/verbatim.ts'
  import { main } from './main.ts'
  main(ownArguments(), catchSignals())`

const run = (file: string, args: readonly string[], env: NodeJS.ProcessEnv) =>
  execFileSync(file, args, { stdio: ['ignore', 'ignore', 'inherit'], env })

/** Writes `foster`, `foster.cjs` and the licences into the folder, from src. The size of the bundle, in bytes. */
export async function buildExecutable(folder: string, steps: Steps): Promise<number> {
  const [main, node, output] = [join(folder, 'foster.cjs'), join(folder, 'node'), resolve(folder, 'foster')]
  mkdirSync(folder, { recursive: true })
  const { metafile } = await bundle(main, steps)
  checkAscii(main)
  copyFileSync(process.execPath, node)
  chmodSync(node, 0o755)
  // Only before the snapshot is put in.
  if (steps.strip) strip(node)
  const parts = { main, output, executable: node, useSnapshot: steps.snapshot }
  const environment = { ...process.env }
  if (steps.snapshot && steps.precompile) {
    const logs = resolve(folder, 'started')
    seal(folder, parts, [...steps.v8Options, ...logging(logs)], environment)
    environment.FOSTER_STARTED = JSON.stringify(compiledByStarts(output, logs))
    rmSync(logs, { recursive: true })
  }
  seal(folder, parts, steps.v8Options, environment)
  if (steps.dropCodeCache && !dropCodeCache(output)) {
    process.stderr.write("build: the code cache of Node's modules is not where it was looked for, and stays\n")
  }
  rmSync(node)
  writeFileSync(join(folder, licencesFile), `${licencesOf(Object.keys(metafile.inputs))}\n${licenceOfNode()}`)
  return Object.values(metafile.outputs)[0]?.bytes ?? 0
}

function bundle(outfile: string, { snapshot }: Steps) {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  return build({
    ...(snapshot ? { entryPoints: ['src/snapshot.ts'] } : { stdin: { contents: plainEntry, resolveDir: 'src' } }),
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node26',
    minifyWhitespace: true,
    minifySyntax: true,
    // Names stay for stack traces; keepNames would do that by a property of every function that is ever made: 8 MB for
    // a thousand programs.
    define: { FOSTER_VERSION: JSON.stringify(version) },
    logLevel: 'warning',
    metafile: true,
  })
}

/** Makes one executable of Node and the bundle, which is run for the snapshot in this environment. */
function seal(folder: string, parts: { readonly output: string }, options: readonly string[], env: NodeJS.ProcessEnv) {
  const file = join(folder, 'sea.json')
  const configuration = {
    ...{ ...parts, disableExperimentalSEAWarning: true },
    execArgv: ['--disable-sigusr1', '--no-warnings', ...options],
    // NODE_OPTIONS in the container's environment is for the programs.
    execArgvExtension: 'none',
  }
  writeFileSync(file, JSON.stringify(configuration))
  rmSync(parts.output, { force: true })
  run(process.execPath, ['--no-warnings', ...options, '--build-sea', file], env)
}

/** One sign beyond Latin-1 makes V8 keep all of the source with two bytes for each: a megabyte more at rest. */
function checkAscii(file: string): void {
  const [line] = /.{0,40}[^\0-\x7f].{0,40}/.exec(readFileSync(file, 'utf8')) ?? []
  if (line !== undefined)
    throw new Error(`${file} is not ASCII, as all is but regular expressions: escape it in ${line}`)
}

function strip(file: string): void {
  try {
    run('strip', [file], process.env)
  } catch {
    process.stderr.write('build: strip is not there, the executable keeps its symbols\n')
  }
}
