/** Foster's own resource limits: prlimit(2). */
import type { Limit, LimitName } from '../core/settings.ts'
import { softDescriptorLimit } from './descriptors.ts'
import { addressOf, checked, libc } from './libc.ts'

/** A soft and a hard limit; Infinity: none. */
export interface Bounds {
  readonly soft: number
  readonly hard: number
}

/** Numbers of asm-generic/resource.h; the same on x86-64 and arm64. */
const numbers: Readonly<Record<LimitName, number>> = {
  ...{ cpu: 0, fsize: 1, data: 2, stack: 3, core: 4, rss: 5, nproc: 6, nofile: 7, memlock: 8, as: 9, locks: 10 },
  ...{ sigpending: 11, msgqueue: 12, nice: 13, rtprio: 14, rttime: 15 },
}

const none = 2n ** 64n - 1n

/** A limit of foster's own; the negative errno if there is none of that name. */
export function ownLimit(name: LimitName): Bounds | number {
  const limit = Buffer.alloc(16)
  const result = checked(libc().functions.prlimit64(0, numbers[name], 0n, addressOf(limit)))
  if (result < 0) return result
  const read = (offset: number): number => {
    const value = limit.readBigUInt64LE(offset)
    return value === none ? Number.POSITIVE_INFINITY : Number(value)
  }
  return { soft: read(0), hard: read(8) }
}

/** Sets a limit of foster's own: 0, or the negative errno (EPERM: above the hard one; EINVAL: soft above hard). */
export function setOwnLimit(name: LimitName, bounds: Bounds): number {
  return settingLimit(name, bounds)()
}

/** What sets a limit, with all that takes memory done beforehand. */
export function settingLimit(name: LimitName, { soft, hard }: Bounds): () => number {
  const limit = Buffer.alloc(16)
  limit.writeBigUInt64LE(soft === Number.POSITIVE_INFINITY ? none : BigInt(soft), 0)
  limit.writeBigUInt64LE(hard === Number.POSITIVE_INFINITY ? none : BigInt(hard), 8)
  const { prlimit64 } = libc().functions
  return () => checked(prlimit64(0, numbers[name], addressOf(limit), 0n))
}

/** The soft and the hard limit that a program gets where foster has these. */
export function boundsOf({ name, soft, hard }: Limit, own: Bounds): Bounds {
  const most = hard ?? own.hard
  const usual = name === 'nofile' ? softDescriptorLimit : own.soft
  return { soft: soft ?? Math.min(usual, most), hard: most }
}

/** Sets foster's soft limit of descriptors to the lower of `most` and the hard limit. 0, or the negative errno. */
export function limitDescriptors(most: number): number {
  const own = ownLimit('nofile')
  return typeof own === 'number' ? own : setOwnLimit('nofile', { ...own, soft: Math.min(own.hard, most) })
}
