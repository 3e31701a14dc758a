/** Builds `dist/npm`: the package for images that have Node. One file, no dependencies, nothing that runs at its installation. */
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import { licencesFile, licencesOf } from './licences.ts'

const { name, version, description, license } = JSON.parse(readFileSync('package.json', 'utf8'))
const folder = 'dist/npm'

const options = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node26',
  minify: true,
  define: { FOSTER_VERSION: JSON.stringify(version) },
  logLevel: 'warning',
} as const satisfies BuildOptions

/** The files that the bundle is made of. */
const bundled: string[] = []

/**
 * Keeps all but the first instructions as a text, which is compiled when it is needed: the first of the two starts only
 * executes Node anew, and would else spend 30 ms on reading code that it does not run.
 */
const mainAsText: Plugin = {
  name: 'main-as-text',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/main\.ts$/ }, async ({ path }) => {
      const { outputFiles, metafile } = await build({ ...options, entryPoints: [path], write: false, metafile: true })
      bundled.push(...Object.keys(metafile.inputs))
      const text = JSON.stringify(outputFiles[0]?.text)
      const contents = `
        import { compileFunction } from 'node:vm'
        const module = { exports: {} }
        compileFunction(${text}, ['module', 'require'], { filename: __filename })(module, require)
        export const { main } = module.exports`
      return { contents, loader: 'js' }
    })
  },
}

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const bundle = await build({
  ...options,
  entryPoints: ['src/package.ts'],
  outfile: `${folder}/foster.cjs`,
  banner: { js: '#!/usr/bin/env node' },
  plugins: [mainAsText],
  metafile: true,
})
chmodSync(`${folder}/foster.cjs`, 0o755)

const manifest = {
  ...{ name, version, description, license },
  bin: { foster: 'foster.cjs' },
  files: ['foster.cjs', 'foster.schema.json', licencesFile],
  os: ['linux'],
  cpu: ['x64', 'arm64'],
  engines: { node: '>=26.10' },
}
writeFileSync(`${folder}/package.json`, `${JSON.stringify(manifest, undefined, 2)}\n`)
for (const file of ['LICENSE', 'foster.schema.json']) copyFileSync(file, `${folder}/${file}`)
writeFileSync(`${folder}/${licencesFile}`, licencesOf([...bundled, ...Object.keys(bundle.metafile.inputs)]))
copyFileSync('build/npm.md', `${folder}/README.md`)

const size = Object.values(bundle.metafile.outputs)[0]?.bytes ?? 0
process.stdout.write(`${folder} ${version}: ${Math.round(size / 1024)} KiB\n`)
