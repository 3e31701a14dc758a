/** The answers of the API as tables of fields. */
import * as answers from '../src/api/answers.ts'
import { jsonOf } from '../src/api/openapi.ts'

interface Json {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly const?: string
  readonly anyOf?: readonly Json[]
  readonly oneOf?: readonly Json[]
  readonly items?: Json
  readonly properties?: Readonly<Record<string, Json>>
  readonly description?: string
}

const titles: readonly (readonly [title: string, schema: unknown])[] = [
  ['Status', answers.statusAnswer],
  ['Process', answers.processStatus],
  ['Action', answers.actionAnswer],
  ['Health', answers.healthAnswer],
  ['Graph', answers.graphAnswer],
  ['Reload', answers.reloadAnswer],
  ['Shutdown', answers.shutdownAnswer],
  ['A line of logs', answers.logLine],
  ['An event', answers.event],
]

/** Every answer with its fields. */
export function schemaRows(): string {
  return titles
    .map(([title, schema]) => {
      const json = jsonOf(schema) as Json
      const parts = json.oneOf ?? [json]
      return `### ${title}\n\n${parts.map(part => table(part)).join('\n')}`
    })
    .join('\n')
}

function table(json: Json): string {
  const type = json.properties?.type?.const
  const head = type === undefined ? '' : `\`"type": "${type}"\`\n\n`
  return `${head}| field | value | |\n|---|---|---|\n${rows(json, '').join('\n')}\n`
}

function rows({ properties = {} }: Json, above: string): readonly string[] {
  return Object.entries(properties).flatMap(([name, json]) => {
    if (name === 'type' && json.const !== undefined) return []
    const own = `| \`${above}${name}\` | ${kindOf(json)} | ${json.description ?? ''} |`
    const inner = innerOf(json)
    // A process is described once.
    const isProcess = inner?.properties?.state_code !== undefined
    return inner?.properties === undefined || isProcess
      ? [own]
      : [own, ...rows(inner, `${above}${name}${isList(json) ? '[]' : ''}.`)]
  })
}

const isList = (json: Json): boolean => json.type === 'array'

function innerOf(json: Json): Json | undefined {
  if (json.items !== undefined) return innerOf(json.items) ?? json.items
  return json.anyOf?.find(it => it.properties !== undefined) ?? (json.properties === undefined ? undefined : json)
}

function kindOf(json: Json): string {
  if (json.enum !== undefined) return json.enum.map(it => `\`${it}\``).join(', ')
  if (json.anyOf !== undefined) return json.anyOf.map(kindOf).join(' or ')
  if (json.items !== undefined) {
    return json.items.properties === undefined ? `list of ${kindOf(json.items)}s` : 'list'
  }
  if (json.properties !== undefined) return json.properties.state_code === undefined ? 'object' : 'a process'
  return json.type === 'null' ? 'null' : (json.type ?? '')
}
