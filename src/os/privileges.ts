/** What the kernel lets foster do: its capabilities, its own limits and priorities. */
import { readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import type { Capability, Privileges } from '../core/privileges.ts'
import { ownGroups } from './credentials.ts'
import { ownLimit } from './limits.ts'

/** Numbers of <linux/capability.h>. */
const bits: Readonly<Record<Capability, bigint>> = { SETGID: 6n, SETUID: 7n, SYS_NICE: 23n, SYS_RESOURCE: 24n }

/** The kernel asks for these in the machine's own user namespace: in another one they do not count. */
const ofTheMachine: ReadonlySet<Capability> = new Set(['SYS_NICE', 'SYS_RESOURCE'])

let capabilities: { readonly effective: bigint | undefined; readonly isMachine: boolean | undefined } | undefined

/** Reads nothing until asked. */
export const ownPrivileges: Privileges = {
  has(capability) {
    capabilities ??= readCapabilities()
    const { effective, isMachine } = capabilities
    if (effective === undefined) return undefined
    if (((effective >> bits[capability]) & 1n) === 0n) return false
    return ofTheMachine.has(capability) ? isMachine : true
  },
  groups: ownGroups,
  nice: () => getPriority(0),
  oomScoreAdj: () => numberIn(oomFile),
  limit(name) {
    const found = ownLimit(name)
    return typeof found === 'number' ? undefined : found
  },
  mostDescriptors: () => numberIn('/proc/sys/fs/nr_open'),
}

function readCapabilities(): NonNullable<typeof capabilities> {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readText('/proc/self/status') ?? '')?.[1]
  const map = readText('/proc/self/uid_map')
  return {
    effective: effective === undefined ? undefined : BigInt(`0x${effective}`),
    isMachine: map === undefined ? undefined : /^\s*0\s+0\s+4294967295\s*$/.test(map),
  }
}

/** Where foster's own share of being killed when memory runs out is read and written. */
export const oomFile = '/proc/self/oom_score_adj'

function numberIn(path: string): number | undefined {
  const text = readText(path)?.trim()
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}
