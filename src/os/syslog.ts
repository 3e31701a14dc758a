/** Messages to the system's log: datagrams to /dev/log. Never waits. */
import { checked, libc, send } from './libc.ts'

const C = { AF_UNIX: 1, SOCK_DGRAM: 2, SOCK_NONBLOCK: 0o4000, SOCK_CLOEXEC: 0o2000000, EAGAIN: 11 } as const

/** Gives a way to send: 0, or the negative errno. One that has gone and come back is found again. */
export function openSyslog(path: string = '/dev/log'): (message: Buffer) => number {
  let fd = -1
  const attempt = (message: Buffer): number => {
    if (fd < 0) fd = connected(path)
    const result = fd < 0 ? fd : send(fd, message, 0, message.length)
    if (result < 0 && result !== -C.EAGAIN && fd >= 0) {
      libc().functions.close(fd)
      fd = -1
    }
    return Math.min(0, result)
  }
  return message => {
    const isOld = fd >= 0
    const result = attempt(message)
    return isOld && result < 0 && fd < 0 ? attempt(message) : result
  }
}

/** A socket that is connected, or the negative errno. */
function connected(path: string): number {
  const { functions } = libc()
  const fd = checked(functions.socket(C.AF_UNIX, C.SOCK_DGRAM | C.SOCK_CLOEXEC | C.SOCK_NONBLOCK, 0))
  if (fd < 0) return fd
  const name = Buffer.concat([Buffer.of(C.AF_UNIX, 0), Buffer.from(`${path}\0`)])
  const result = checked(functions.connect(fd, name, name.length))
  if (result === 0) return fd
  functions.close(fd)
  return result
}
