/** Builds `dist/foster`: esbuild bundles the sources, Node freezes them into a start-up snapshot inside its own executable. */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { build } from 'esbuild'
import { dropCodeCache } from './code-cache.ts'

const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
const run = (file: string, ...args: string[]) => execFileSync(file, args, { stdio: ['ignore', 'ignore', 'inherit'] })

mkdirSync('dist', { recursive: true })
const bundle = await build({
  entryPoints: ['src/snapshot.ts'],
  outfile: 'dist/foster.cjs',
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

// Symbols are a quarter of the file, and nobody debugs PID 1 with gdb. Only before the snapshot is put in.
copyFileSync(process.execPath, 'dist/node')
chmodSync('dist/node', 0o755)
try {
  run('strip', 'dist/node')
} catch {
  process.stderr.write('build: strip is not there, the executable keeps its symbols\n')
}

/**
 * V8's options, the same while the snapshot is made and when it is read. The built-in functions are not copied next to
 * compiled code, and the baseline compiler, which wants them there, is off: that saves 5 ms of a start and little runs
 * often here. A small young generation keeps what a thousand starts leave behind from staying resident.
 *
 * Not among them, though it would save 8 ms more: --no-rehash-snapshot. With one known seed for all hashes, a program
 * whose log lines carry other people's JSON would let them choose keys that collide, and PID 1 would stand still.
 */
const v8Options = ['--no-short-builtin-calls', '--no-sparkplug', '--max-semi-space-size=1']

const sea = {
  main: 'dist/foster.cjs',
  output: 'dist/foster',
  executable: 'dist/node',
  useSnapshot: true,
  disableExperimentalSEAWarning: true,
  execArgv: ['--disable-sigusr1', '--no-warnings', ...v8Options],
  // NODE_OPTIONS in the container's environment is for the programs.
  execArgvExtension: 'none',
}
writeFileSync('dist/sea.json', JSON.stringify(sea))
rmSync('dist/foster', { force: true })
run(process.execPath, '--no-warnings', ...v8Options, '--build-sea', 'dist/sea.json')
if (!dropCodeCache('dist/foster')) {
  process.stderr.write("build: the code cache of Node's modules is not where it was looked for, and stays\n")
}
rmSync('dist/node')

const size = Object.values(bundle.metafile.outputs)[0]?.bytes ?? 0
process.stdout.write(`dist/foster ${version}: bundle of ${Math.round(size / 1024)} KiB\n`)
