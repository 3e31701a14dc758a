/**
 * What each step of the build gives: the executable without one of them, beside the whole. Prints a table; writes below
 * `dist/steps`, and leaves nothing there. `node bench/steps.ts [ROUNDS]`
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { rmSync, statSync } from 'node:fs'
import { allSteps, buildExecutable, type Steps } from '../build/executable.ts'
import { median } from './table.ts'

const rounds = Number(process.argv[2] ?? 20)
const variants: Readonly<Record<string, Partial<Steps>>> = {
  'as it is': {},
  'with symbols': { strip: false },
  "with Node's code cache": { dropCodeCache: false },
  'without what a start compiles': { precompile: false },
  "without V8's options": { v8Options: [] },
  'without a snapshot': { snapshot: false, dropCodeCache: false },
  'none of it': { snapshot: false, strip: false, dropCodeCache: false, v8Options: [] },
}

const built: { readonly name: string; readonly file: string; readonly samples: number[] }[] = []
for (const [index, [name, steps]] of Object.entries(variants).entries()) {
  await buildExecutable(`dist/steps/${index}`, { ...allSteps, ...steps })
  built.push({ name, file: `dist/steps/${index}/foster`, samples: [] })
}
for (let round = 0; round < rounds; round++) {
  for (const { file, samples } of built) {
    const begin = performance.now()
    const { status } = spawnSync(file, ['--', 'true'], { env: {}, stdio: 'ignore' })
    if (status !== 0) throw new Error(`${file} ended with ${status}`)
    samples.push(performance.now() - begin)
  }
}
console.log('| | `foster -- true`, ms | file, MB | compressed, MB |\n|---|---:|---:|---:|')
for (const { name, file, samples } of built) {
  const compressed = execFileSync('sh', ['-c', `gzip -6 <${file} | wc -c`], { encoding: 'utf8' })
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)
  const range = `${Math.min(...samples).toFixed(1)}..${Math.max(...samples).toFixed(1)}`
  const cells = [
    `${median(samples).toFixed(1)} (${range})`,
    megabytes(statSync(file).size),
    megabytes(Number(compressed)),
  ]
  console.log(`| ${[name, ...cells].join(' | ')} |`)
}
rmSync('dist/steps', { recursive: true })
