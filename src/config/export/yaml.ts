/** Values with comments -> YAML that readers of YAML 1.1 and 1.2 understand alike. */
import { Document, type Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import { quoted } from '../emit.ts'

/** What is written. */
export type Value = string | number | boolean | readonly Value[] | Section

/** A key with its value, and what is said about them: lines above, or a word beside. */
export interface Field {
  readonly key: string
  readonly value: Value
  readonly above?: readonly string[]
  readonly beside?: string
}

/** A map in the order of its fields, and what is said above it where it is an item of a list. */
export interface Section {
  readonly fields: readonly Field[]
  readonly above?: readonly string[]
}

/** A field, or none where there is no value. */
export function field(key: string, value: Value | undefined, about: Pick<Field, 'above' | 'beside'> = {}): Field[] {
  return value === undefined ? [] : [{ key, value, ...about }]
}

/** A map of these fields. */
export function section(...fields: readonly (readonly Field[])[]): Section {
  return { fields: fields.flat() }
}

/** Writes a document; `head` is said above it. */
export function render(top: Section, head: readonly string[]): string {
  const document = new Document(undefined, { customTags: tags => [text, ...tags] })
  document.contents = nodeOf(top) as typeof document.contents
  const body = document.toString({ lineWidth: 0, flowCollectionPadding: false })
  return `${head.map(line => (line === '' ? '#\n' : `# ${oneLine(line)}\n`)).join('')}${body}`
}

/** Kubernetes and Compose take `yes`, `012` and `1:30` for something else than text unless they are quoted. */
const text = {
  tag: 'tag:yaml.org,2002:str',
  default: true,
  identify: (value: unknown) => typeof value === 'string',
  resolve: (value: string) => value,
  stringify: ({ value }: { readonly value: unknown }) => quoted(String(value)),
} as const

/** Longer lists are written one item a line. */
const widest = 90

function nodeOf(value: Value): Node {
  if (typeof value !== 'object') return new Scalar(value)
  if ('fields' in value) return mapOf(value)
  const list = new YAMLSeq()
  list.items = value.map(nodeOf)
  list.flow = value.every(it => typeof it !== 'object') && JSON.stringify(value).length < widest
  return list
}

function mapOf({ fields, above = [] }: Section): Node {
  const map = new YAMLMap()
  map.items = fields.map(it => {
    const key = new Scalar(it.key)
    const value = nodeOf(it.value)
    if (it.above !== undefined && it.above.length > 0) key.commentBefore = comment(it.above)
    if (it.beside !== undefined) value.comment = comment([it.beside])
    return new Pair(key, value)
  })
  if (above.length > 0) map.commentBefore = comment(above)
  return map
}

const comment = (lines: readonly string[]): string => lines.map(line => ` ${oneLine(line)}`).join('\n')

/** Nothing that is said can end its comment. */
function oneLine(line: string): string {
  return line.replace(/[\p{Cc}\p{Cs}\u2028\u2029\ufeff\ufffd-\uffff]/gu, '?')
}
