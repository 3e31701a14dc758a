/** XML-RPC: calls that come in, answers that go out. The answers have the form that Python's xmlrpc gives them. */
import { faultCodes } from './faults.ts'
import { type Element, escaped, readXml } from './xml.ts'

/** A value in a call or an answer. `null` is `<nil/>`. */
export type Value = string | number | boolean | null | Date | readonly Value[] | Struct

/** A struct. */
export interface Struct {
  readonly [name: string]: Value
}

/** What is called, with what. */
export interface Call {
  readonly method: string
  readonly params: readonly Value[]
}

/** The call in a body; undefined: there is none that can be understood. */
export function readCall(body: string): Call | undefined {
  const root = readXml(body)
  if (root?.name !== 'methodCall' || !isBlank(root)) return undefined
  const names = root.children.filter(({ name }) => name === 'methodName')
  const lists = root.children.filter(({ name }) => name === 'params')
  const [name] = names
  if (name === undefined || names.length + lists.length !== root.children.length) return undefined
  if (names.length > 1 || lists.length > 1 || name.children.length > 0 || name.text === '') return undefined
  try {
    return { method: name.text, params: (lists[0]?.children ?? []).map(param => valueIn(only(param, 'param'))) }
  } catch (error) {
    if (error instanceof Misshapen) return undefined
    throw error
  }
}

/** An answer that came: what was asked for, or the fault in place of it. */
export type Answer = { readonly value: Value } | { readonly fault: { readonly code: number; readonly text: string } }

/** The answer in a body; undefined: it is none that can be understood. */
export function readAnswer(body: string): Answer | undefined {
  const root = readXml(body)
  if (root === undefined) return undefined
  try {
    const inner = only(root, 'methodResponse')
    if (inner.name !== 'fault') return { value: valueIn(only(only(inner, 'params'), 'param')) }
    const { faultCode, faultString } = (valueIn(only(inner, 'fault')) ?? {}) as Struct
    if (typeof faultCode !== 'number' || typeof faultString !== 'string') return undefined
    return { fault: { code: faultCode, text: faultString } }
  } catch (error) {
    if (error instanceof Misshapen) return undefined
    throw error
  }
}

/** Not what XML-RPC has. */
class Misshapen extends Error {}

function fail(): never {
  throw new Misshapen()
}

const isBlank = ({ text }: Element): boolean => text.trim() === ''

/** The one child of an element with this name. */
function only(element: Element, name: string): Element {
  const [child, ...others] = element.children
  if (element.name !== name || child === undefined || others.length > 0 || !isBlank(element)) return fail()
  return child
}

function valueIn(element: Element): Value {
  if (element.name !== 'value') return fail()
  if (element.children.length === 0) return element.text
  const typed = only(element, 'value')
  const read = readers.get(typed.name)
  return read === undefined ? fail() : read(typed)
}

const readers: ReadonlyMap<string, (element: Element) => Value> = new Map<string, (element: Element) => Value>([
  ['int', it => whole(plain(it))],
  ['i4', it => whole(plain(it))],
  ['boolean', it => truth(plain(it).trim())],
  ['string', plain],
  ['double', it => real(plain(it).trim())],
  ['dateTime.iso8601', it => time(plain(it))],
  ['base64', it => bytes(plain(it))],
  ['nil', it => (plain(it).trim() === '' ? null : fail())],
  ['array', array],
  ['struct', struct],
])

function truth(text: string): boolean {
  return text === '1' || (text === '0' ? false : fail())
}

function real(text: string): number {
  const value = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?$/.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? value : fail()
}

function array(element: Element): readonly Value[] {
  const data = only(element, 'array')
  return data.name === 'data' && isBlank(data) ? data.children.map(valueIn) : fail()
}

function plain({ children, text }: Element): string {
  return children.length === 0 ? text : fail()
}

function whole(text: string): number {
  const value = /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(value) ? value : fail()
}

/** `19980717T14:08:55`; XML-RPC leaves open where that is, and it is read as UTC. */
function time(text: string): Date {
  const found = /^\s*(\d{4})(\d\d)(\d\d)T(\d\d):(\d\d):(\d\d)\s*$/.exec(text)
  if (found === null) return fail()
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1).map(Number)
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60
  return isReal && second < 60 ? date : fail()
}

/** Supervisor takes bytes for text in UTF-8. */
function bytes(text: string): string {
  const compact = text.replace(/\s+/g, '')
  if (compact.length % 4 !== 0 || !/^[A-Za-z\d+/]*={0,2}$/.test(compact)) return fail()
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(compact, 'base64'))
  } catch {
    return fail()
  }
}

/** As Python's: of two members with one name the later one counts. */
function struct(element: Element): Struct {
  if (!isBlank(element)) return fail()
  const members = new Map<string, Value>()
  for (const member of element.children) {
    const [name, value, ...others] = member.children
    if (member.name !== 'member' || !isBlank(member) || others.length > 0) return fail()
    if (name?.name !== 'name' || value === undefined) return fail()
    members.set(plain(name), valueIn(value))
  }
  // `__proto__` is a name like any other.
  return Object.assign(Object.create(null), Object.fromEntries(members)) as Struct
}

/** A call, as Python's xmlrpc writes it. */
export function writeCall({ method, params }: Call): string {
  const list = params.map(it => `<param>\n${written(it)}</param>\n`).join('')
  return `<?xml version='1.0'?>\n<methodCall>\n<methodName>${escaped(method)}</methodName>\n<params>\n${list}</params>\n</methodCall>\n`
}

const head = "<?xml version='1.0'?>\n<methodResponse>\n"

/** An answer. */
export function writeAnswer(value: Value): string {
  return `${head}<params>\n<param>\n${written(value)}</param>\n</params>\n</methodResponse>\n`
}

/** An answer that says why there is none. */
export function writeFault(code: number, text: string): string {
  return `${head}<fault>\n${written({ faultCode: code, faultString: text })}</fault>\n</methodResponse>\n`
}

/** The fault of a bug. */
export const bugFault = (text: string): string => writeFault(faultCodes.FAILED, `FAILED: ${text}`)

/** XML-RPC's integers have 32 bits. */
const largest = 2 ** 31 - 1

/** A value, as Python's xmlrpc writes it. Nesting is that of the answers, which are flat. */
export function written(value: Value): string {
  return `<value>${inside(value)}</value>\n`
}

function inside(value: Value): string {
  if (value === null) return '<nil/>'
  if (typeof value === 'string') return `<string>${escaped(value)}</string>`
  if (typeof value === 'boolean') return `<boolean>${value ? 1 : 0}</boolean>`
  if (typeof value === 'number') return number(value)
  if (value instanceof Date) {
    const [day = '', clock = ''] = value.toISOString().split('T')
    return `<dateTime.iso8601>${day.replaceAll('-', '')}T${clock.slice(0, 8)}</dateTime.iso8601>`
  }
  if (Array.isArray(value)) return `<array><data>\n${value.map(written).join('')}</data></array>`
  const members = Object.entries(value as Struct).map(
    ([name, it]) => `<member>\n<name>${escaped(name)}</name>\n${written(it)}</member>\n`,
  )
  return `<struct>\n${members.join('')}</struct>`
}

function number(value: number): string {
  if (!Number.isInteger(value)) return `<double>${Number.isFinite(value) ? value : 0}</double>`
  return `<int>${Math.max(-largest - 1, Math.min(largest, value))}</int>`
}
