/** The statuses of our children: waitid(2). It tells a core dump and a stop from an end without any decoding of bits. */
import type { Ending } from '../core/ending.ts'
import { checked, libc } from './libc.ts'

/** Numbers of <sys/wait.h> and <signal.h>, and places in siginfo_t; the same on x86-64 and arm64. */
const C = {
  P_ALL: 0,
  P_PID: 1,
  WNOHANG: 1,
  WSTOPPED: 2,
  WEXITED: 4,
  WNOWAIT: 0x01000000,
  CLD_EXITED: 1,
  CLD_DUMPED: 3,
  SI_CODE: 8,
  SI_PID: 16,
  SI_STATUS: 24,
} as const

const siginfo = Buffer.alloc(128)

/** A child that has ended, and how. */
export interface Taken {
  readonly pid: number
  readonly ending: Ending
}

/** A child that has ended, its status left where it is: its pid, 0 for none, or the negative errno (ECHILD: no child). */
export function peekEnded(): number {
  return ask(C.P_ALL, 0, C.WEXITED | C.WNOWAIT)
}

/** Takes the status of one child, or of any; undefined if none has ended. Of any only while libuv waits for none. */
export function takeEnded(pid?: number): Taken | undefined {
  const found = pid === undefined ? ask(C.P_ALL, 0, C.WEXITED) : ask(C.P_PID, pid, C.WEXITED)
  if (found <= 0) return undefined
  const how = siginfo.readInt32LE(C.SI_CODE)
  const status = siginfo.readInt32LE(C.SI_STATUS)
  if (how === C.CLD_EXITED) return { pid: found, ending: { how: 'exited', code: status } }
  return { pid: found, ending: { how: 'killed', signal: status, core: how === C.CLD_DUMPED } }
}

/** The signal that has stopped a child since it was last asked, or undefined. */
export function takeStop(pid: number): number | undefined {
  return ask(C.P_PID, pid, C.WSTOPPED) > 0 ? siginfo.readInt32LE(C.SI_STATUS) : undefined
}

function ask(type: number, id: number, options: number): number {
  siginfo.writeInt32LE(0, C.SI_PID)
  const result = checked(libc().functions.waitid(type, id, siginfo, options | C.WNOHANG))
  return result < 0 ? result : siginfo.readInt32LE(C.SI_PID)
}
