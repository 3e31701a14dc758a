/** The schema as the reference and the editors' schema see it: sections, their keys, and what is said of each. */
import type * as v from 'valibot'
import { programSchema } from '../src/config/program-schema.ts'
import { configurationSchema } from '../src/config/schema.ts'
import { type About, aboutOf, decode } from '../src/config/values.ts'

/** A part of valibot's schemas, as far as it is looked at. */
export interface Part {
  readonly type: string
  readonly message?: unknown
  readonly pipe?: readonly Part[]
  readonly wrapped?: Part
  readonly entries?: Readonly<Record<string, Part>>
  readonly item?: Part
  readonly value?: Part
  readonly options?: readonly Part[]
  readonly description?: string
  readonly metadata?: { readonly json?: Readonly<Record<string, unknown>>; readonly about?: About }
}

/** The whole configuration, and one program. */
export const top = configurationSchema as unknown as Part
export const program = programSchema as unknown as Part

/** One key of a section. */
export interface Key {
  /** With the keys above it: `backoff.delay`. */
  readonly name: string
  readonly description: string
  readonly about: About
  readonly part: Part
}

/** What a schema is at its heart: a section, a map, a list, a union or a scalar. */
export function core(part: Part): Part {
  if (part.wrapped !== undefined && part.pipe === undefined) return core(part.wrapped)
  if (part.pipe === undefined) return part
  const shape = part.pipe.find(it => it.type === 'loose_object' || it.type === 'record')
  const isScalar = part.pipe.some(it => it.metadata?.json !== undefined)
  if (shape !== undefined) return shape
  const [first] = part.pipe
  return isScalar || first === undefined ? part : core(first)
}

/** The words for a value, as in "expected ...". */
export function typeOf(part: Part): string {
  if (part.pipe !== undefined || part.wrapped !== undefined) return typeOf(part.pipe?.[0] ?? part.wrapped ?? part)
  return decode(String(part.message ?? '')).message.replace(/^expected /, '')
}

/** The keys of a section and, behind each, those of the sections below it. */
export function keysOf(part: Part, above = ''): readonly Key[] {
  return Object.entries(core(part).entries ?? {}).flatMap(([key, entry]) => {
    const name = above === '' ? key : `${above}.${key}`
    const about = aboutOf(entry as unknown as v.GenericSchema)
    if (about === undefined) throw new Error(`nothing is said about ${name}`)
    const description = entry.pipe?.find(it => it.type === 'description')?.description ?? ''
    const below = key === 'defaults' || key === 'programs' ? [] : sectionsIn(entry, name)
    return [{ name, description, about, part: entry }, ...below.flatMap(it => keysOf(...it))]
  })
}

/** The sections that a value may be, or that are in its list or map, with the path to them. */
function sectionsIn(part: Part, path: string): readonly (readonly [Part, string])[] {
  const { entries, options = [], item, value } = core(part)
  if (entries !== undefined) return [[core(part), path]]
  const found = [
    ...options.flatMap(it => sectionsIn(it, path)),
    ...(item === undefined ? [] : sectionsIn(item, path)),
    ...(value === undefined ? [] : sectionsIn(value, `${path}.NAME`)),
  ]
  return found.filter(([section], index) => found.findIndex(([other]) => other === section) === index)
}
