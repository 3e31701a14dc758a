/**
 * sd_notify(3): what a program says of itself, as assignments in a datagram. Who may say it is for src/os to find out;
 * here words become messages. As in systemd the first of several assignments to one name counts, and names that are not
 * known are ignored.
 */

/** One thing that a program says. Durations are milliseconds. */
export type Notification =
  /** MAINPID: the process that is the program from now on. To be believed only after the pid rules, src/os/pids.ts. */
  | { readonly says: 'main-pid'; readonly pid: number }
  /** STATUS: for people. One line, without control characters. */
  | { readonly says: 'status'; readonly text: string }
  /** ERRNO: why it is about to end. */
  | { readonly says: 'errno'; readonly errno: number }
  /** WATCHDOG_USEC: from now on WATCHDOG=1 comes at least so often. */
  | { readonly says: 'watchdog-period'; readonly millis: number }
  /** EXTEND_TIMEOUT_USEC: what it is doing now takes so much longer, from now. */
  | { readonly says: 'extend'; readonly millis: number }
  /** RELOADING=1; ready again when it says so. `since` is CLOCK_MONOTONIC (MONOTONIC_USEC), undefined from older ones. */
  | { readonly says: 'reloading'; readonly since: number | undefined }
  | { readonly says: 'ready' }
  | { readonly says: 'stopping' }
  /** WATCHDOG=1: it is alive. */
  | { readonly says: 'watchdog' }
  /** WATCHDOG=trigger: it has found out by itself that it is not well. */
  | { readonly says: 'watchdog-failed' }

/** What is kept of a STATUS. */
const longestStatus = 512

/**
 * The messages in a datagram, in the order in which they are to be dealt with, which is not the order of its lines: the
 * process is named before it is called ready. Text with a NUL inside is no message at all; one at the end is
 * a C program's habit.
 */
export function parseNotification(text: string): readonly Notification[] {
  const bare = text.replace(/\0$/, '')
  if (bare.includes('\0')) return []
  const assigned = new Map<string, string>()
  for (const line of bare.split('\n')) {
    const equals = line.indexOf('=')
    const name = line.slice(0, equals)
    if (equals > 0 && !assigned.has(name)) assigned.set(name, line.slice(equals + 1))
  }
  return meanings.flatMap(meaning => meaning(name => assigned.get(name)) ?? [])
}

type Meaning = (value: (name: string) => string | undefined) => Notification | undefined

const meanings: readonly Meaning[] = [
  value => {
    const pid = whole(value('MAINPID'))
    return pid === undefined || pid < 1 || pid > largestPid ? undefined : { says: 'main-pid', pid }
  },
  value => {
    const text = value('STATUS')
    return text === undefined ? undefined : { says: 'status', text: printable(text) }
  },
  value => {
    const errno = whole(value('ERRNO'))
    return errno === undefined ? undefined : { says: 'errno', errno }
  },
  value => {
    const millis = micros(value('WATCHDOG_USEC'))
    return millis === undefined || millis === 0 ? undefined : { says: 'watchdog-period', millis }
  },
  value => {
    const millis = micros(value('EXTEND_TIMEOUT_USEC'))
    return millis === undefined ? undefined : { says: 'extend', millis }
  },
  value => (value('RELOADING') === '1' ? { says: 'reloading', since: micros(value('MONOTONIC_USEC')) } : undefined),
  value => (value('READY') === '1' ? { says: 'ready' } : undefined),
  value => (value('STOPPING') === '1' ? { says: 'stopping' } : undefined),
  value => (value('WATCHDOG') === '1' ? { says: 'watchdog' } : undefined),
  value => (value('WATCHDOG') === 'trigger' ? { says: 'watchdog-failed' } : undefined),
]

/** Linux goes up to 2^22. */
const largestPid = 2 ** 22

/** A number without a sign; more digits than are exact, or anything else: undefined. */
function whole(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

function micros(text: string | undefined): number | undefined {
  const value = whole(text)
  return value === undefined ? undefined : value / 1000
}

/** One line that does nothing to a terminal. */
function printable(text: string): string {
  const clean = text.slice(0, 2 * longestStatus).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '�')
  return [...clean].slice(0, longestStatus).join('').trim()
}
