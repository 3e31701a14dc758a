/** How long the configuration of 500 programs takes to load, in a process that has just started and in one that is warm. */
import { load } from '../src/config/load.ts'

const count = 500
const programs = Array.from({ length: count }, (_, index) => {
  const before = index === 0 ? '' : `\n    depends_on: {program-${index - 1}: started}`
  return `  program-${index}:
    command: sh -c 'exec server --port ${8000 + index}'
    restart: always
    stop_grace_period: 5s
    working_dir: /srv
    environment: {NAME: "%(name)", HOST: "\${HOST:-localhost}"}${before}
`
})
const text = `environment: {TZ: UTC}\nprograms:\n${programs.join('')}`

/** Never asked. */
const privileges = {
  ...{ has: () => true, groups: () => [], nice: () => 0, oomScoreAdj: () => 0 },
  ...{ limit: () => undefined, mostDescriptors: () => undefined },
}

function once(): number {
  const start = process.threadCpuUsage()
  const { plan, diagnostics } = load(['foster.yaml'], {
    ...{ uid: 0, gid: 0, environment: {}, readFile: () => text, glob: () => [], whatIs: () => 'directory' as const },
    ...{ hostName: () => '', directory: () => '/' },
    ...{ account: () => undefined, accountByUid: () => undefined, group: () => undefined, groupsOf: () => [] },
    privileges,
  })
  if (plan?.programs.length !== count) throw new Error(JSON.stringify(diagnostics.slice(0, 3)))
  const { user, system } = process.threadCpuUsage(start)
  return (user + system) / 1000
}

const first = once()
const warm = Array.from({ length: 20 }, once).sort((a, b) => a - b)
const size = Math.round(text.length / 1024)
console.log(
  `${count} programs, ${size} KiB: ${first.toFixed(1)} ms at first, ${(warm[10] ?? 0).toFixed(1)} ms when warm`,
)
