/** Builds `dist/foster`: esbuild bundles the sources, Node freezes them into a start-up snapshot inside its own executable. */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { build } from 'esbuild'

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
  minify: true,
  keepNames: true,
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

const sea = {
  main: 'dist/foster.cjs',
  output: 'dist/foster',
  executable: 'dist/node',
  useSnapshot: true,
  disableExperimentalSEAWarning: true,
  execArgv: ['--disable-sigusr1', '--no-warnings'],
  // NODE_OPTIONS in the container's environment is for the programs.
  execArgvExtension: 'none',
}
writeFileSync('dist/sea.json', JSON.stringify(sea))
rmSync('dist/foster', { force: true })
run(process.execPath, '--no-warnings', '--build-sea', 'dist/sea.json')
rmSync('dist/node')

const size = Object.values(bundle.metafile.outputs)[0]?.bytes ?? 0
process.stdout.write(`dist/foster ${version}: bundle of ${Math.round(size / 1024)} KiB\n`)
