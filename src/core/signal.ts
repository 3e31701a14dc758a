/**
 * Linux signal names and numbers, signal(7). The numbers are those of x86-64 and arm64, the two architectures foster
 * is built for.
 */
export const signalNumbers = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  PWR: 30,
  SYS: 31,
} as const

/** A signal by its name without `SIG`, as `kill -l` prints it. */
export type Signal = keyof typeof signalNumbers

/** Every signal name, in the order of the numbers. */
export const signalNames = Object.keys(signalNumbers) as readonly Signal[]

const byNumber = new Map<number, Signal>(signalNames.map(name => [signalNumbers[name], name]))

/** What a signal number is called: `TERM` for 15, `RT8` for 42 (SIGRTMIN is 34 for programs), the number itself beyond. */
export function signalName(number: number): string {
  return byNumber.get(number) ?? (number >= 34 && number <= 64 ? `RT${number - 34}` : String(number))
}

/** Reads `TERM`, `SIGTERM`, `term` or `15`; undefined if it is no standard signal. */
export function parseSignal(text: string): Signal | undefined {
  if (/^\d+$/.test(text)) return byNumber.get(Number(text))
  const name = text.toUpperCase().replace(/^SIG/, '')
  return Object.hasOwn(signalNumbers, name) ? (name as Signal) : undefined
}
