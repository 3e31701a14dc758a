/** Events as they are written to a listener: Supervisor's texts, byte for byte. */
import type { EventType } from './event-types.ts'
import type { OutputStream } from './output.ts'

/** Something that has happened, with the text that tells of it. */
export interface News {
  readonly type: EventType
  readonly payload: string
}

/** A process by Supervisor's names. */
export interface ProcessName {
  readonly process: string
  readonly group: string
}

const named = ({ process, group }: ProcessName): string => `processname:${process} groupname:${group}`

/** The names of streams in events. */
const streams = { stdout: 'STDOUT', stderr: 'STDERR' } as const

/** A process has come into another state. `more` is what else is told of that state, as pairs. */
export function stateNews(name: ProcessName, to: StateWord, from: StateWord, ...more: readonly string[]): News {
  return { type: `PROCESS_STATE_${to}`, payload: [named(name), `from_state:${from}`, ...more].join(' ') }
}

/** Supervisor's names of the states that processes come into here. */
export type StateWord = 'STOPPED' | 'STARTING' | 'RUNNING' | 'BACKOFF' | 'STOPPING' | 'EXITED' | 'FATAL'

/** A process has written something; one read of foster's. */
export function logNews(name: ProcessName, stream: OutputStream, pid: number, data: string): News {
  return {
    type: `PROCESS_LOG_${streams[stream]}`,
    payload: `${named(name)} pid:${pid} channel:${stream}\n${data}`,
  }
}

/** A process has written something between the two marks of capture mode. */
export function communicationNews(name: ProcessName, stream: OutputStream, pid: number, data: string): News {
  return { type: `PROCESS_COMMUNICATION_${streams[stream]}`, payload: `${named(name)} pid:${pid}\n${data}` }
}

/** Somebody has sent an event over XML-RPC. */
export function remoteNews(type: string, data: string): News {
  return { type: 'REMOTE_COMMUNICATION', payload: `type:${type}\n${data}` }
}

/** A group of processes has come or gone. */
export function groupNews(change: 'ADDED' | 'REMOVED', group: string): News {
  return { type: `PROCESS_GROUP_${change}`, payload: `groupname:${group}\n` }
}

/** foster runs, or stops. */
export function supervisorNews(state: 'RUNNING' | 'STOPPING'): News {
  return { type: `SUPERVISOR_STATE_CHANGE_${state}`, payload: '' }
}

/** What surrounds an event on its way to one pool of listeners. */
export interface Address {
  readonly identifier: string
  readonly pool: string
  readonly serial: number
  readonly poolSerial: number
}

/** All that is written to a listener. Its length is told in code points: listeners written in Python read text. */
export function envelope({ type, payload }: News, { identifier, pool, serial, poolSerial }: Address): string {
  const header = `ver:3.0 server:${identifier} serial:${serial} pool:${pool} poolserial:${poolSerial}`
  return `${header} eventname:${type} len:${codePoints(payload)}\n${payload}`
}

function codePoints(text: string): number {
  let count = text.length
  // The second half of a pair counts for nothing.
  for (let at = 0; at + 1 < text.length; at++) {
    if ((text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) count--
  }
  return count
}

/** What stands for bytes that are no UTF-8, given one character for each byte: as Python shows them. */
export function undecodable(bytes: string): string {
  const quote = bytes.includes("'") && !bytes.includes('"') ? '"' : "'"
  let shown = ''
  for (const character of bytes) {
    const code = character.charCodeAt(0)
    const plain = code >= 0x20 && code < 0x7f ? character : `\\x${code.toString(16).padStart(2, '0')}`
    shown += character === quote ? `\\${quote}` : (escapes[character] ?? plain)
  }
  return `Undecodable: b${quote}${shown}${quote}`
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }
