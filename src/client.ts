/** Wires a command that talks to the running foster to the system that it runs on. */
import { existsSync, statSync } from 'node:fs'
import { isatty } from 'node:tty'
import type { Output, Surroundings } from './cli/around.ts'
import { runClient } from './cli/client.ts'
import type { Invocation } from './cli/requests.ts'
import { discover, type Facts, load } from './config/load.ts'
import { colourOf, wantsColour } from './log/format.ts'
import { now } from './os/clock.ts'
import { exitNow, readerGone } from './os/libc.ts'
import type { Signals } from './os/signals.ts'
import { connected, peerOf } from './os/sockets.ts'
import { columnsOf } from './os/terminal.ts'
import { print } from './printing.ts'
import { version } from './version.ts'

/** Does what is asked, and ends the process. */
export function client(
  { request, socket }: Extract<Invocation, { command: 'client' }>,
  environment: Readonly<Record<string, string>>,
  facts: () => Facts,
  signals: Signals,
): void {
  // Who interrupts a client means to end it, and a shell is to see of what it ended.
  signals.release()
  runClient(request, socket, surroundings(environment, facts)).then(exitNow, (error: unknown) => {
    print(2, `foster: a bug of foster's: ${error instanceof Error ? error.stack : error}\n`)
    exitNow(1)
  })
}

function surroundings(environment: Readonly<Record<string, string>>, facts: () => Facts): Surroundings {
  return {
    uid: process.getuid?.() ?? 0,
    environment,
    version,
    configuredSocket: () => configuredSocket(environment, facts),
    initUid: () => statSync('/proc/1', { throwIfNoEntry: false })?.uid,
    connect: connected,
    peerUid: fd => peerOf(fd)?.uid,
    write: print,
    isUnread: readerGone,
    columns: output => (isatty(output) ? columnsOf(output, environment) : undefined),
    isColoured: (output: Output) => wantsColour(isatty(output), environment),
    colourOf,
    now,
    every: (millis, call) => {
      const timer = setInterval(call, millis)
      return () => clearInterval(timer)
    },
    onInterrupt: call => {
      process.on('SIGINT', call)
      return () => void process.off('SIGINT', call)
    },
  }
}

/** The socket that the configuration names. One that is faulty or may not be read names none. */
function configuredSocket(environment: Readonly<Record<string, string>>, facts: () => Facts): string | undefined {
  const files = discover(environment, existsSync)
  const isConfigured =
    files.length > 0 || Object.keys(environment).some(name => /^FOSTER_(_|CONFIG_INLINE$)/.test(name))
  const socket = isConfigured ? load(files, facts()).plan?.control?.socket : undefined
  return typeof socket === 'string' ? socket : undefined
}
