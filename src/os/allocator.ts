/** The memory that the C library's allocator holds. */
import { libc } from './libc.ts'

let trim: { readonly call: ((keep: bigint) => number) | undefined } | undefined

/**
 * Gives what is free in all arenas back to the system: malloc_trim(3). Each thread of Node has an arena, and glibc keeps
 * in it what its work once needed. False where there was nothing to give, or a C library that has no such call (musl).
 */
export function giveBackFree(): boolean {
  trim ??= { call: bindTrim() }
  return trim.call?.(0n) === 1
}

function bindTrim(): ((keep: bigint) => number) | undefined {
  try {
    return libc().lib.getFunction('malloc_trim', { return: 'int32', arguments: ['uint64'] } as const)
  } catch {
    return undefined
  }
}
