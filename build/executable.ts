/** The executable, in steps that the bench leaves out one by one to see what each is good for. */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { dropCodeCache } from './code-cache.ts'
import { licenceOfNode, licencesFile, licencesOf } from './licences.ts'

/**
 * V8's options, the same while the snapshot is made and when it is read. The built-in functions are not copied next to
 * compiled code, and the baseline compiler, which wants them there, is off: that saves 5 ms of a start and little runs
 * often here. A small young generation keeps what a thousand starts leave behind from staying resident, and one thread
 * for the compiler and the collector instead of four keeps three arenas of the allocator from filling.
 *
 * Not among them, though it would save 8 ms more: --no-rehash-snapshot. With one known seed for all hashes, a program
 * whose log lines carry other people's JSON would let them choose keys that collide, and PID 1 would stand still.
 */
export const v8Options = ['--no-short-builtin-calls', '--no-sparkplug', '--max-semi-space-size=1', '--v8-pool-size=1']

/** What is done to make a start fast and the file small. */
export interface Steps {
  /** The heap after everything is loaded, to be read back; else the bundle is run at each start. */
  readonly snapshot: boolean
  /** Symbols are a quarter of the file, and nobody debugs PID 1 with gdb. */
  readonly strip: boolean
  /** The code cache of Node's modules is taken out. */
  readonly dropCodeCache: boolean
  readonly v8Options: readonly string[]
}

export const allSteps: Steps = { snapshot: true, strip: true, dropCodeCache: true, v8Options }

/** What runs at each start where there is no snapshot. */
const plainEntry = `
  import { catchSignals } from './os/signals.ts'
  import { ownArguments } from './os/verbatim.ts'
  import { main } from './main.ts'
  main(ownArguments(), catchSignals())`

const run = (file: string, ...args: string[]) => execFileSync(file, args, { stdio: ['ignore', 'ignore', 'inherit'] })

/** Writes `NAME` and `NAME.cjs` into the folder, from src. The size of the bundle, in bytes. */
export async function buildExecutable(folder: string, steps: Steps): Promise<number> {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  const [main, node, output, sea] = ['foster.cjs', 'node', 'foster', 'sea.json'].map(it => join(folder, it)) as [
    ...[string, string, string, string],
  ]
  mkdirSync(folder, { recursive: true })
  const bundle = await build({
    ...(steps.snapshot ? { entryPoints: ['src/snapshot.ts'] } : { stdin: { contents: plainEntry, resolveDir: 'src' } }),
    outfile: main,
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
  checkAscii(main)
  copyFileSync(process.execPath, node)
  chmodSync(node, 0o755)
  // Only before the snapshot is put in.
  if (steps.strip) strip(node)
  const configuration = {
    ...{ main, output, executable: node, useSnapshot: steps.snapshot, disableExperimentalSEAWarning: true },
    execArgv: ['--disable-sigusr1', '--no-warnings', ...steps.v8Options],
    // NODE_OPTIONS in the container's environment is for the programs.
    execArgvExtension: 'none',
  }
  writeFileSync(sea, JSON.stringify(configuration))
  rmSync(output, { force: true })
  run(process.execPath, '--no-warnings', ...steps.v8Options, '--build-sea', sea)
  if (steps.dropCodeCache && !dropCodeCache(output)) {
    process.stderr.write("build: the code cache of Node's modules is not where it was looked for, and stays\n")
  }
  rmSync(node)
  writeFileSync(join(folder, licencesFile), `${licencesOf(Object.keys(bundle.metafile.inputs))}\n${licenceOfNode()}`)
  return Object.values(bundle.metafile.outputs)[0]?.bytes ?? 0
}

/** One sign beyond Latin-1 makes V8 keep all of the source with two bytes for each: a megabyte more at rest. */
function checkAscii(file: string): void {
  const [line] = /.{0,40}[^\0-\x7f].{0,40}/.exec(readFileSync(file, 'utf8')) ?? []
  if (line !== undefined)
    throw new Error(`${file} is not ASCII, as all is but regular expressions: escape it in ${line}`)
}

function strip(file: string): void {
  try {
    run('strip', file)
  } catch {
    process.stderr.write('build: strip is not there, the executable keeps its symbols\n')
  }
}
