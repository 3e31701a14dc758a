/** `control` and `http` -> the plan: paths and addresses are checked, the names of rules resolved. */
import { type AccessRule, type Control, controlDefaults, type Http, namedVerbs, verbs } from '../core/control.ts'
import { didYouMean } from '../core/nearest.ts'
import type { Diagnostic } from '../errors.ts'
import type { Surroundings } from './resolving.ts'
import type { Settings } from './schema.ts'
import type { Shape } from './shape.ts'
import { describe, fault, find, type Origin } from './tree.ts'

interface Resolving {
  readonly shape: Shape
  readonly facts: Surroundings
  readonly diagnostics: Diagnostic[]
}

/** Linux allows 107 bytes; while the socket is made its name is longer by a dot and a pid. */
const longestPath = 98

/** The control socket and its rules. Faulty parts were or are reported, and have their defaults in the result. */
export function controlOf(shape: Shape, facts: Surroundings, diagnostics: Diagnostic[]): Control {
  const { control } = shape.settings
  if (control == null) return controlDefaults
  const resolving: Resolving = { shape, facts, diagnostics }
  return {
    socket: socketOf(control.socket ?? undefined, resolving),
    mode: control.mode ?? undefined,
    access: (control.access ?? []).flatMap((rule, index) => ruleOf(rule, index, resolving) ?? []),
  }
}

function socketOf(path: string | undefined, { shape, diagnostics }: Resolving): Control['socket'] {
  if (path === undefined) return controlDefaults.socket
  if (path === 'false') return { at: 'none' }
  const at = placeIn(shape, 'control', 'socket')
  const report = (message: string): void => void diagnostics.push(fault(at, 'invalid-value', message))
  if (!path.startsWith('/')) report(`expected an absolute path or false, got ${shown(shape, 'control', 'socket')}`)
  else if (path.endsWith('/')) report('this is a directory; expected the path of a socket')
  else if (Buffer.byteLength(path) > longestPath) report(`the path of a socket has at most ${longestPath} bytes`)
  return path
}

type Rule = NonNullable<NonNullable<NonNullable<Settings['control']>['access']>[number]>

function ruleOf(rule: Rule, index: number, resolving: Resolving): AccessRule | undefined {
  const { shape, diagnostics } = resolving
  const at = placeIn(shape, 'control', 'access', index)
  const { user, group, allow, programs } = rule
  for (const [item, program] of (programs ?? []).entries()) checkName(program, index, item, resolving)
  const users = user == null ? undefined : whoIs('user', user, index, resolving)
  const groups = group == null ? undefined : whoIs('group', group, index, resolving)
  if ((user == null) === (group == null)) {
    const message = user == null ? 'the rule does not say for whom it is' : 'a rule is for a user or for a group'
    diagnostics.push(fault(at, 'invalid-rule', message, 'write user or group'))
    return undefined
  }
  if (allow == null) {
    diagnostics.push(fault(at, 'invalid-rule', 'the rule does not say what is allowed', 'add "allow: [status]"'))
    return undefined
  }
  const who = users ?? groups
  const name = user ?? group ?? ''
  const all = verbs.filter(verb => !namedVerbs.has(verb))
  const allowed = new Set(allow.flatMap(verb => (verb === 'all' ? all : [verb])))
  return who && { who, name, allow: verbs.filter(verb => allowed.has(verb)), programs: programs ?? undefined }
}

const largestId = 2 ** 32 - 2

function whoIs(key: 'user' | 'group', name: string, index: number, { shape, facts, diagnostics }: Resolving) {
  const number = /^\d{1,10}$/.test(name) ? Number(name) : undefined
  const id = number ?? (key === 'user' ? facts.account(name)?.uid : facts.group(name))
  if (id !== undefined && id <= largestId) return key === 'user' ? { uid: id } : { gid: id }
  const what = shown(shape, 'control', 'access', index, key)
  const message = id === undefined ? `there is no ${key} ${what}` : `expected ids up to ${largestId}`
  diagnostics.push(fault(placeIn(shape, 'control', 'access', index, key), `unknown-${key}`, message))
  return undefined
}

/** A program's name, or a group's, also as `group:*`. */
function checkName(name: string, index: number, item: number, { shape, diagnostics }: Resolving): void {
  const known = shape.programs.flatMap(program => [program.name, program.settings.group ?? program.name])
  const base = name.endsWith(':*') ? name.slice(0, -2) : name
  if (known.includes(base)) return
  const what = shown(shape, 'control', 'access', index, 'programs', item)
  const at = placeIn(shape, 'control', 'access', index, 'programs', item)
  diagnostics.push(fault(at, 'unknown-program', `there is no program or group ${what}`, didYouMean(base, known)))
}

/** What a header can carry, which loses spaces at its ends. */
const presentable = /^[!-~](?:[ -~]*[!-~])?$/

/** Health and metrics; undefined: off. */
export function httpOf(shape: Shape, diagnostics: Diagnostic[]): Http | undefined {
  const { listen, token } = shape.settings.http ?? {}
  const at = placeIn(shape, 'http', 'listen')
  const written = placeIn(shape, 'http', 'token')
  if (listen == null) {
    if (token != null && !shape.faulty.has('http')) {
      diagnostics.push(fault(written, 'conflict', '"token" is of no use without "listen"', 'add "listen: 9000"'))
    }
    return undefined
  }
  if (token === '') diagnostics.push(fault(written, 'invalid-value', 'the token is empty'))
  else if (token != null && !presentable.test(token)) {
    const hint = 'letters, digits and signs of ASCII; no newline or space at its ends'
    diagnostics.push(fault(written, 'invalid-value', 'no request can present this token', hint))
  }
  const place = parseListen(listen)
  if (place !== undefined) return { ...place, token: token ?? undefined }
  const message = `expected PORT or ADDRESS:PORT, got ${shown(shape, 'http', 'listen')}`
  diagnostics.push(fault(at, 'invalid-value', message, 'such as 9000, 127.0.0.1:9000 or "[::1]:9000"'))
  return undefined
}

/** `9000`, `:9000` and `*:9000` are all addresses of this machine; names other than localhost are not looked up. */
function parseListen(text: string): Omit<Http, 'token'> | undefined {
  const [, host = '', digits = ''] = /^(?:(.*):)?(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (digits === '' || port < 1 || port > 65_535) return undefined
  if (host === '' || host === '*') return { address: undefined, port }
  if (host === 'localhost') return { address: '127.0.0.1', port }
  const six = /^\[([0-9a-fA-F:.]{2,45})\]$/.exec(host)?.[1]
  if (six !== undefined) return six.includes(':') ? { address: six, port } : undefined
  const parts = host.split('.')
  const isFour = parts.length === 4 && parts.every(part => /^\d{1,3}$/.test(part) && Number(part) <= 255)
  return isFour ? { address: host, port } : undefined
}

function placeIn(shape: Shape, ...path: (string | number)[]): Origin {
  return find(shape.tree, path).node.at
}

function shown(shape: Shape, ...path: (string | number)[]): string {
  return describe(find(shape.tree, path).node, path)
}
