/**
 * Node's threads, which wait for disks in place of PID 1. libuv makes them when they are needed first, and ends the process
 * if it cannot: at its limit of processes a container would lose its init at the first line for a log file. So whether
 * threads can be made is found out beforehand.
 */
import { libc } from './libc.ts'

/** As many as libuv makes. */
const usual = 4
const most = 1024

/** Milliseconds until the kernel has counted threads out that have ended. */
const farewell = 2

let areThere = false

/**
 * Whether the threads are there; they are made now if they can be. To be asked before anything that Node does in the
 * background, as early as may be: what can be made at the start perhaps cannot later.
 */
export function haveThreads(): boolean {
  if (areThere) return true
  const wanted = Math.min(most, Math.max(1, Number(process.env.UV_THREADPOOL_SIZE ?? usual) || 1))
  // Twice as many: those that were only tried may still be counted when the real ones are made.
  if (!canMake(2 * wanted)) return false
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, farewell)
  areThere = true
  // The first thing that is asked of them makes them.
  process.getBuiltinModule('node:fs').stat('/', () => {})
  return true
}

function canMake(count: number): boolean {
  try {
    return make(count)
  } catch {
    // A C library that lacks a name: nothing can be found out, and Node goes on as it always did.
    return true
  }
}

/** Makes so many threads at a time, which wait for a lock and end. */
function make(count: number): boolean {
  const { functions, lib, ffi } = libc()
  // Zeros are an open lock in both C libraries, of 56 bytes; its first argument is all that a thread gets.
  const lock = Buffer.alloc(64)
  const thread = Buffer.alloc(8)
  const body = lib.getSymbol('pthread_rwlock_rdlock')
  const made: bigint[] = []
  functions.pthread_rwlock_wrlock(lock)
  try {
    while (made.length < count) {
      if (functions.pthread_create(thread, 0n, body, ffi.getRawPointer(lock)) !== 0) return false
      made.push(thread.readBigUInt64LE())
    }
    return true
  } finally {
    functions.pthread_rwlock_unlock(lock)
    for (const id of made) functions.pthread_join(id, 0n)
  }
}
