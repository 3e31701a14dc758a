/** Event listeners in Python, and what they have written down. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { e2e, fixture, type Puppet } from './rig.ts'
import { type Peer, supervisorVersion } from './supervisor-peer.ts'

const installed = supervisorVersion()

/** A test that needs Debian's package. */
export function withSupervisor(name: string, body: Parameters<typeof e2e>[1]): void {
  if (installed === '4.2.5') e2e(name, body)
  else test(name, { skip: `needs Debian's package supervisor 4.2.5; there is ${installed ?? 'none'}` }, () => {})
}

/** A puppet's command as a file says it. */
export const said = ({ command }: Puppet): string =>
  command.map(word => `'${word.replaceAll('%', '%%').replaceAll("'", `'"'"'`)}'`).join(' ')

/** A fixture as a command. */
export const python = (name: string, ...args: readonly string[]): string =>
  ['/usr/bin/python3', fixture(name), ...args].join(' ')

/** An event as it was told. */
export type Heard = readonly [headers: Readonly<Record<string, string>>, payload: string]

/** What a listener, or the two of a pool, have written down, in the order of their pool. */
export function heardBy({ dir }: Peer, name: string): readonly Heard[] {
  const paths = [name, `${name}_0`, `${name}_1`].map(it => join(dir, it)).filter(path => existsSync(path))
  const lines = paths.flatMap(path => readFileSync(path, 'utf8').split('\n').slice(0, -1))
  const heard = lines.map((line): Heard => JSON.parse(line))
  return heard.sort(([{ poolserial: a }], [{ poolserial: b }]) => Number(a) - Number(b))
}
