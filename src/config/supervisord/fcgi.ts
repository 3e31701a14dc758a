/** What is particular to `[fcgi-program:x]`: the socket that its processes share. */
import type { SharedSocket } from '../../core/plan.ts'
import type { Section } from './ini.ts'
import { toInteger } from './python.ts'
import { complain, get, getText, namesOf, type Reading } from './reading.ts'
import { ownerOf } from './servers.ts'
import { integer, normalize } from './values.ts'

/** As many as Python's `socket.SOMAXCONN` says. */
const usualBacklog = 4096

/** The socket of a section; undefined if it is faulty. A file has no owner unless one is written. */
export function socketOf(reading: Reading, section: Section, program: string): SharedSocket | undefined {
  const before = reading.diagnostics.length
  const names = namesOf(reading)
  const backlog = get(reading, section, 'socket_backlog', names, integer) ?? usualBacklog
  if (backlog < 1 || backlog > 65_535) {
    complain(reading, section, 'socket_backlog', `Invalid socket_backlog value ${backlog}`)
  }
  const chown = getText(reading, section, 'socket_owner', names)
  const owner = chown && ownerOf(chown.text, reading)
  if (chown !== undefined && owner === undefined) {
    complain(reading, section, 'socket_owner', `Invalid socket_owner value ${chown.shown}`)
  }
  const chmod = getText(reading, section, 'socket_mode', names)
  const mode = chmod && toInteger(chmod.text, 8)
  if (chmod !== undefined && mode === undefined) {
    complain(reading, section, 'socket_mode', `Invalid socket_mode value ${chmod.shown}`)
  }
  const address = addressOf(reading, section, program, chmod !== undefined || chown !== undefined)
  if (address === undefined) return undefined
  if (reading.diagnostics.slice(before).some(({ severity }) => severity === 'error')) return undefined
  const place = 'file' in address ? { ...address, mode: (mode ?? 0o700) & 0o777, owner } : address
  return { of: program, backlog, address: place }
}

type Address = { readonly file: string } | { readonly host: string; readonly port: number }

function addressOf(reading: Reading, section: Section, program: string, isForFile: boolean): Address | undefined {
  const socket = getText(reading, section, 'socket', namesOf(reading, { program_name: program }))
  const refuse = (message: string): undefined => {
    complain(reading, section, 'socket', message)
  }
  const refuseValue = (message: string): undefined => refuse(`${message} in [${section.name}] socket`)
  if (socket === undefined || socket.text === '') {
    if (socket !== undefined || !section.options.has('socket'))
      refuse(`[${section.name}] section requires a "socket" line`)
    return undefined
  }
  const { text, shown } = socket
  if (text.startsWith('unix://')) {
    const path = text.slice('unix://'.length)
    if (path.startsWith('/')) return { file: normalize(path, '/') }
    return refuseValue(`Unix socket path ${shown.slice('unix://'.length)} is not an absolute path`)
  }
  if (isForFile) {
    return refuseValue('socket_owner and socket_mode params should only be used with a Unix domain socket')
  }
  const [, host, digits] = /^tcp:\/\/([^\s:]+):(\d+)$/.exec(text) ?? []
  if (host === undefined) return refuseValue(`Bad socket format ${shown}`)
  const port = Number(digits)
  if (port >= 1 && port <= 0xffff) return { host: host.toLowerCase(), port }
  return refuseValue(`${port} is ${port < 1 ? 'below lower bound (1)' : 'above upper bound (65535)'}`)
}
