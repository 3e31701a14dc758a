/**
 * The terminal and its foreground job. The program that has it is a process group of its own in our session, so that
 * Ctrl-C, Ctrl-Z and a change of size reach it and not us, and shells in it have job control.
 */
import { signalNumbers } from '../core/signal.ts'
import {
  blockSignal,
  checked,
  foregroundOf,
  kill,
  libc,
  setForeground,
  setTerminalSettings,
  terminalSettings,
} from './libc.ts'
import { setsForeground } from './spawn.ts'
import { takeStop } from './wait.ts'

export interface Terminal {
  readonly fd: number
  /** To be called with the pid of a program right after it was started as the foreground job. */
  started(pid: number): void
  /** To be called at each SIGCHLD: a job that Ctrl-Z has stopped goes on, since nobody here could ever continue it. */
  continueStopped(pid: number): void
  /** Gives the terminal back to us, with the settings that it had. Safe to call at any time, more than once. */
  restore(): void
  /** Whether it has gone: SIGHUP came because of that. */
  isGone(): boolean
}

/** The controlling terminal behind a descriptor; undefined if it is none, or if we are not its foreground job. */
export function openTerminal(fd: number, ownGroup: number): Terminal | undefined {
  if (foregroundOf(fd) !== ownGroup) return undefined
  const settings = terminalSettings(fd)
  // From the background, tcsetpgrp and writes would stop us, or be restarted for ever by the handler we have.
  blockSignal(signalNumbers.TTOU, true)
  return {
    fd,
    started: pid => {
      if (setsForeground()) return
      setForeground(fd, pid)
      kill(-pid, signalNumbers.CONT)
    },
    continueStopped: pid => {
      if (takeStop(pid) === signalNumbers.TSTP) kill(-pid, signalNumbers.CONT)
    },
    restore: () => {
      setForeground(fd, ownGroup)
      if (settings !== undefined) setTerminalSettings(fd, settings)
    },
    isGone: () => foregroundOf(fd) < 0,
  }
}

const TIOCGWINSZ = 0x5413n
/** What a terminal that does not say is taken for. */
const usualColumns = 80

/** How many columns a terminal has; `$COLUMNS` where it does not say. */
export function columnsOf(fd: number, environment: Readonly<Record<string, string | undefined>>): number {
  const size = Buffer.alloc(8)
  const columns = checked(libc().functions.ioctl(fd, TIOCGWINSZ, size)) < 0 ? 0 : size.readUInt16LE(2)
  return columns || Number(environment.COLUMNS) || usualColumns
}
