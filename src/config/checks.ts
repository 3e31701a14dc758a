/** What a probe tries, as it is written -> as it is tried: URLs, ports, regular expressions. */
import type { Check } from '../core/probe.ts'
import type { Diagnostic } from '../errors.ts'
import { expand } from './expand.ts'
import type { ProgramSettings } from './schema.ts'
import { placeOf, type WrittenProgram } from './shape.ts'
import { describe, fault, find, type Path } from './tree.ts'

/** A probe as it is written; a liveness probe has fewer keys. */
export type ProbeSettings = NonNullable<NonNullable<ProgramSettings['probes']>['readiness']>

/** What a probe is resolved with. */
export interface Resolving {
  readonly program: WrittenProgram
  readonly replica: number | undefined
  readonly diagnostics: Diagnostic[]
}

/** Reports something about the value at a path below the program. */
export function report(
  { program, diagnostics }: Resolving,
  path: Path,
  code: string,
  message: string,
  hint?: string,
): undefined {
  diagnostics.push(fault(placeOf(program, ...path), code, message, hint))
}

/** A text with `%(name)` and `%(replica)` filled in. */
export function filledIn(text: string, { program, replica }: Resolving): string {
  return expand(text, { name: program.name, replica })
}

/** How the value at a path is shown. */
function shown({ program }: Resolving, path: Path): string {
  return describe(find(program.entry.node, path).node, path)
}

/** `5432`, `db:5432`, `10.0.0.1:5432`, `[::1]:5432`. */
const hostAndPort = /^(?:(?:\[([^[\]]+)\]|([^:[\]/\s]+)):)?(\d{1,5})$/

/** PORT, which is localhost's, or HOST:PORT. */
export function tcpOf(text: string, path: Path, resolving: Resolving): Check | undefined {
  const [, six, name, digits = ''] = hostAndPort.exec(filledIn(text, resolving)) ?? []
  const port = Number(digits)
  const isAddress = six === undefined || URL.canParse(`http://[${six.replace(/%.*/, '')}]/`)
  if (digits !== '' && port >= 1 && port <= 65_535 && isAddress) {
    return { by: 'tcp', host: six ?? name ?? 'localhost', port }
  }
  const hint =
    /^[0-9a-f:]+:\d+$/i.test(text) && text.split(':').length > 2 ? 'IPv6 addresses stand in brackets' : undefined
  const message = `expected a port, or HOST:PORT, got ${shown(resolving, path)}`
  return report(resolving, path, 'invalid-value', message, hint ?? 'such as 5432, db:5432 or "[::1]:5432"')
}

/** The pattern is compiled here once, so that it can be later. */
export function logOf(text: string, path: Path, resolving: Resolving): Check | undefined {
  const pattern = filledIn(text, resolving)
  if (pattern === '')
    return report(resolving, path, 'invalid-value', 'the pattern is empty, which any line would match')
  try {
    new RegExp(pattern, 'u')
    return { by: 'log', pattern }
  } catch (error) {
    const why = String(error).replace(/^.*: /s, '').toLowerCase()
    const message = `${shown(resolving, path)} is no regular expression: ${why}`
    return report(resolving, path, 'invalid-value', message, 'a backslash before a sign takes it literally')
  }
}

type HttpSettings = NonNullable<ProbeSettings['http']>

/** A URL over unix sockets, in the form that Docker's tools have: `http://unix:/run/app.sock:/ready`. */
const overUnix = /^(https?):\/\/unix:(\/[^:]+)(?::(\/.*)?)?$/

/** A URL, also over a unix socket, and headers. */
export function httpOf(written: HttpSettings, path: Path, resolving: Resolving): Check | undefined {
  const isText = typeof written === 'string'
  const text = isText ? written : written.url
  const headers = isText ? {} : headersOf(written.headers ?? {}, [...path, 'headers'], resolving)
  if (text == null) return report(resolving, path, 'invalid-probe', 'the http probe has no URL', 'add "url: ..."')
  const address = filledIn(text, resolving)
  const [, scheme, socketPath, rest = '/'] = overUnix.exec(address) ?? []
  const url = socketPath === undefined ? address : `${scheme}://localhost${rest}`
  const where = isText ? path : [...path, 'url']
  if (isUsable(url)) return { by: 'http', url, socketPath, headers }
  const message = `expected a URL such as http://localhost:8080/ready, got ${shown(resolving, where)}`
  const { node } = find(resolving.program.entry.node, where)
  const isMasked = node.kind === 'scalar' && node.masked
  return report(resolving, where, 'invalid-value', message, isMasked ? undefined : hintOf(address))
}

function isUsable(text: string): boolean {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return false
  const { port, hostname } = new URL(text)
  return port !== '0' && hostname !== 'unix'
}

function hintOf(text: string): string | undefined {
  if (/^https?:\/\/unix:/i.test(text)) return 'over a unix socket: http://unix:/run/app.sock:/ready'
  if (/^[\w.-]+(?::\d+)?(?:\/|$)/.test(text))
    return `did you mean "http://${/^\d+$/.test(text) ? 'localhost:' : ''}${text}"?`
  return /^[a-z]+:\/\//i.test(text) && !/^https?:/i.test(text) ? 'only http and https can be tried' : undefined
}

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** RFC 9110, section 5.5; Node refuses the same. */
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/

function headersOf(
  written: Readonly<Record<string, string>>,
  path: Path,
  resolving: Resolving,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {}
  for (const [name, text] of Object.entries(written)) {
    const value = filledIn(text, resolving)
    if (!headerName.test(name)) {
      report(resolving, [...path, name], 'invalid-value', `${JSON.stringify(name)} is no name of a header`)
    } else if (!headerValue.test(value)) {
      report(resolving, [...path, name], 'invalid-value', 'the value of a header is printable text on one line')
    } else headers[name] = value
  }
  return headers
}
