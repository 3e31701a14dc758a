/** What goes wrong while a server is asked, in the words that Python's exceptions have for it. */
import { repr } from '../../config/supervisord/python.ts'

/** A failure as Python would have it: the class of the exception, and its text. */
export class Trouble extends Error {
  readonly type: string
  /** The code of the system's error, such as `ECONNREFUSED`. */
  readonly code: string | undefined
  /** The status of an answer that is none. */
  readonly status: number | undefined

  constructor(type: string, text: string, more: { readonly code?: string; readonly status?: number } = {}) {
    super(text)
    this.type = type
    this.code = more.code
    this.status = more.status
  }
}

/** A fault that the server has answered with. */
export class RpcFault extends Trouble {
  readonly faultCode: number
  readonly faultString: string

  constructor(faultCode: number, faultString: string) {
    super('xmlrpc.client.Fault', `<Fault ${faultCode}: ${repr(faultString)}>`)
    this.faultCode = faultCode
    this.faultString = faultString
  }
}

/** What is no mistake of the server's: `ValueError` and the like. */
export function valueError(text: string): Trouble {
  return new Trouble('ValueError', text)
}

const errors: Readonly<Record<string, readonly [type: string, number: number, words: string]>> = {
  ENOENT: ['FileNotFoundError', 2, 'No such file or directory'],
  ECONNREFUSED: ['ConnectionRefusedError', 111, 'Connection refused'],
  ECONNRESET: ['ConnectionResetError', 104, 'Connection reset by peer'],
  EPIPE: ['BrokenPipeError', 32, 'Broken pipe'],
  EACCES: ['PermissionError', 13, 'Permission denied'],
  EPERM: ['PermissionError', 1, 'Operation not permitted'],
  ENOTDIR: ['NotADirectoryError', 20, 'Not a directory'],
  ETIMEDOUT: ['TimeoutError', 110, 'Connection timed out'],
  ENETUNREACH: ['OSError', 101, 'Network is unreachable'],
  EHOSTUNREACH: ['OSError', 113, 'No route to host'],
  ENOTSOCK: ['OSError', 88, 'Socket operation on non-socket'],
}

/** A failure of the system's. */
export function systemTrouble(error: NodeJS.ErrnoException): Trouble {
  const { code = '' } = error
  const [type, number, words] = errors[code] ?? ['OSError', Math.abs(error.errno ?? 0), error.message]
  return new Trouble(type, `[Errno ${number}] ${words}`, { code })
}

/** The connection has ended before the answer did. */
export function brokenOff(): Trouble {
  return new Trouble('http.client.RemoteDisconnected', 'Remote end closed connection without response')
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  411: 'Length Required',
  413: 'Payload Too Large',
  500: 'Internal Server Error',
}

/** An answer with a status other than 200. */
export function protocolTrouble(status: number): Trouble {
  const text = `<ProtocolError for 127.0.0.1/RPC2: ${status} ${reasons[status] ?? ''}>`
  return new Trouble('xmlrpc.client.ProtocolError', text, { status })
}
