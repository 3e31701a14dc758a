/** What the figures were measured on. */
import { cpus, loadavg, release, type as system, totalmem } from 'node:os'
import type { Peer } from './peers.ts'

/** A few lines for the head of the tables. */
export function describeMachine(peers: readonly Peer[], missing: readonly string[]): string {
  const processors = cpus()
  const load = loadavg().map(it => it.toFixed(1))
  return [
    `${system()} ${release()}, ${processors.length} x ${processors[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, load ${load.join(' ')}, Node ${process.versions.node}`,
    `measured: ${peers.map(({ name, version }) => `${name} ${version}`).join(', ')}`,
    ...(missing.length > 0 ? [`not on this machine: ${missing.join(', ')}`] : []),
    '',
  ].join('\n')
}
