/**
 * Images and containers, with podman: how large Debian's image is with foster and with Debian's supervisor in it, and how
 * long a container of each takes from `podman run` to its end, where the first thing that its program does is to stop it.
 * `node bench/image.ts FOSTER_IMAGE [ROUNDS]`; the base images must be there. Prints a table.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from './table.ts'

const [fosterImage = 'foster', rounds = '10'] = process.argv.slice(2)
const base = 'docker.io/library/debian:bookworm-slim'
const folder = mkdtempSync(join(tmpdir(), 'foster-bench-'))
const run = (command: string): string => execFileSync('sh', ['-c', command], { encoding: 'utf8' }).trim()

// Long enough for supervisord to have installed its handlers.
const command = 'sh -c "kill -TERM 1; exec sleep 1000"'
writeFileSync(join(folder, 'foster.yaml'), JSON.stringify({ programs: { web: { command } } }))
writeFileSync(
  join(folder, 'supervisord.conf'),
  `[supervisord]\nnodaemon=true\n[program:web]\ncommand=${command}\nstartsecs=0\n`,
)
const install = 'apt-get update && apt-get install -y --no-install-recommends supervisor && rm -rf /var/lib/apt/lists/*'
writeFileSync(join(folder, 'Dockerfile'), `FROM ${base}\nRUN ${install}\n`)
run(`podman build --network=host -t foster-bench-supervisor ${folder}`)

const mounted = `podman run --rm -v ${folder}:/bench:ro`
const rows: readonly (readonly [name: string, image: string, command: string])[] = [
  ['Debian, no init', base, `podman run --rm ${base} true`],
  ['with foster', fosterImage, `${mounted} ${fosterImage} -c /bench/foster.yaml`],
  [
    'with supervisor',
    'foster-bench-supervisor',
    `${mounted} foster-bench-supervisor supervisord -c /bench/supervisord.conf`,
  ],
]
const samples = rows.map((): number[] => [])
for (let round = 0; round < Number(rounds); round++) {
  for (const [index, [, , line]] of rows.entries()) {
    const begin = performance.now()
    spawnSync('sh', ['-c', line], { stdio: 'ignore' })
    samples[index]?.push(performance.now() - begin)
  }
}
console.log('| | size, MB | compressed, MB | start and stop, ms |\n|---|---:|---:|---:|')
for (const [index, [name, image]] of rows.entries()) {
  const size = Number(run(`podman image inspect --format '{{.Size}}' ${image}`)) / 1e6
  const compressed = Number(run(`podman save ${image} 2>/dev/null | gzip -6 | wc -c`)) / 1e6
  const times = samples[index] ?? []
  const range = `${Math.round(Math.min(...times))}..${Math.round(Math.max(...times))}`
  console.log(`| ${name} | ${size.toFixed(0)} | ${compressed.toFixed(0)} | ${Math.round(median(times))} (${range}) |`)
}
rmSync(folder, { recursive: true })
