/** What the kernel lets foster do, as facts: the system's side finds them out, the configuration is checked by them. */
import type { LimitName } from './settings.ts'

/** Capabilities of capabilities(7) that programs' options need. */
export type Capability = 'SETGID' | 'SETUID' | 'SYS_NICE' | 'SYS_RESOURCE'

/** Found out when asked for. Undefined is what cannot be told, such as without /proc: then the start will show it. */
export interface Privileges {
  /** Whether foster has the capability in the way that its use needs. */
  has(capability: Capability): boolean | undefined
  /** Foster's own supplementary groups. */
  groups(): readonly number[]
  nice(): number
  oomScoreAdj(): number | undefined
  /** Foster's own limits; Infinity: none. */
  limit(name: LimitName): { readonly soft: number; readonly hard: number } | undefined
  /** The highest limit of descriptors that the kernel knows, fs.nr_open. */
  mostDescriptors(): number | undefined
}

/** Nothing can be told, so that nothing is refused: what is checked is for another machine. */
export const unknownPrivileges: Privileges = {
  has: () => undefined,
  groups: () => [],
  nice: () => 0,
  oomScoreAdj: () => undefined,
  limit: () => undefined,
  mostDescriptors: () => undefined,
}
