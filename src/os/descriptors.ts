/** Descriptors that foster was started with, from 3 up: none of them reaches a program by accident. */
import { closeSync, openSync, readdirSync } from 'node:fs'
import { pipe, setCloseOnExec } from './libc.ts'

/** Enough for anything; higher, and programs that close "all descriptors" one by one take seconds over it. */
export const softDescriptorLimit = 65_536

/** Without /proc the table is searched this far. */
const blindSearch = 1024

/**
 * Marks all descriptors from 3 up close-on-exec; Node marks only some. Gives how many of them are sockets that a
 * socket activation handed us (LISTEN_FDS for our own pid, sd_listen_fds(3)), which CMD inherits explicitly.
 */
export function markInherited(environment: NodeJS.ProcessEnv): number {
  for (const fd of openDescriptors()) setCloseOnExec(fd, true)
  const { LISTEN_FDS = '', LISTEN_PID = '' } = environment
  return LISTEN_PID === String(process.pid) && /^\d{1,3}$/.test(LISTEN_FDS) ? Number(LISTEN_FDS) : 0
}

/** A descriptor that is at its end at once, close-on-exec: /dev/null, or an empty pipe where there is no such device. */
export function openNull(): number {
  try {
    return openSync('/dev/null', 'r')
  } catch (error) {
    const ends = pipe()
    if (typeof ends === 'number') throw error
    closeSync(ends.write)
    return ends.read
  }
}

/** A descriptor that takes everything and keeps nothing, close-on-exec; undefined where there is no such device. */
export function openSink(): number | undefined {
  try {
    return openSync('/dev/null', 'w')
  } catch {
    return undefined
  }
}

function openDescriptors(): readonly number[] {
  try {
    return readdirSync('/proc/self/fd')
      .map(Number)
      .filter(fd => fd > 2)
  } catch {
    return Array.from({ length: blindSearch - 3 }, (_, i) => i + 3)
  }
}
