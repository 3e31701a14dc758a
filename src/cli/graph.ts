/** `graph`: what depends on what, for people, for Mermaid, for Graphviz, for programs. */
import type { GraphAnswer } from '../api/answers.ts'
import { routes } from '../api/protocol.ts'
import type { Client } from './connection.ts'
import { exitCodes } from './failure.ts'
import type { ClientRequest } from './requests.ts'
import type { Speech } from './speech.ts'
import { harmless } from './width.ts'

/** Prints the graph. */
export async function runGraph(
  { format }: Extract<ClientRequest, { do: 'graph' }>,
  client: Client,
  speech: Speech,
): Promise<number> {
  const graph = await client.value(routes.graph)
  if (format === 'json') speech.json(graph)
  else speech.print(writers[format](graph))
  return exitCodes.done.code
}

/** The graph as text of one of the formats. */
export const writers = { text: graphText, mermaid: graphMermaid, dot: graphDot } as const

type Edge = GraphAnswer['edges'][number]

/** Each program and below it, indented, what it depends on; what has been shown is not shown again. */
function graphText({ nodes, edges }: GraphAnswer): string {
  const needs = Map.groupBy(edges, ({ from }) => from)
  const needed = new Set(edges.map(({ to }) => to))
  const states = new Map(nodes.map(({ name, state }) => [name, state]))
  const shown = new Set<string>()
  const lines: string[] = []
  const show = (name: string, indent: string, why: string): void => {
    const below = needs.get(name) ?? []
    const isAgain = shown.has(name) && below.length > 0
    lines.push(`${harmless(name)} ${states.get(name) ?? ''}${why}${isAgain ? ' ...' : ''}`)
    if (isAgain) return
    shown.add(name)
    below.forEach((edge, index) => {
      const isLast = index === below.length - 1
      const at = lines.length
      show(edge.to, `${indent}${isLast ? '   ' : '│  '}`, ` (${conditionOf(edge)})`)
      lines[at] = `${indent}${isLast ? '└─ ' : '├─ '}${lines[at]}`
    })
  }
  for (const { name } of nodes) if (!needed.has(name)) show(name, '', '')
  return lines.map(line => `${line}\n`).join('')
}

/** `ready`, `ready, optional`, `started, restarts with it`. */
function conditionOf({ condition, required, restart }: Edge): string {
  return [condition, ...(required ? [] : ['optional']), ...(restart ? ['restarts with it'] : [])].join(', ')
}

/** A flow chart; arrows lead to what is needed, dashed where it can be done without. */
function graphMermaid({ nodes, edges }: GraphAnswer): string {
  const ids = new Map(nodes.map(({ name }, index) => [name, `n${index}`]))
  const label = (text: string): string => `"${harmless(text).replaceAll('"', '#quot;')}"`
  const boxes = nodes.map(({ name, state }) => `  ${ids.get(name)}[${label(`${name}<br>${state}`)}]`)
  const arrows = edges.map(edge => {
    const arrow = edge.required ? '-->' : '-.->'
    return `  ${ids.get(edge.from)} ${arrow}|${conditionOf(edge)}| ${ids.get(edge.to)}`
  })
  return `${['flowchart LR', ...boxes, ...arrows].join('\n')}\n`
}

/** A digraph of Graphviz. */
function graphDot({ nodes, edges }: GraphAnswer): string {
  const quoted = (text: string): string => `"${harmless(text).replace(/["\\]/g, '\\$&')}"`
  const boxes = nodes.map(
    ({ name, state, critical }) =>
      `  ${quoted(name)} [label=${quoted(name).slice(0, -1)}\\n${state}"${critical ? '' : ', style=dashed'}]`,
  )
  const arrows = edges.map(edge => {
    const style = edge.required ? '' : ', style=dashed'
    return `  ${quoted(edge.from)} -> ${quoted(edge.to)} [label=${quoted(conditionOf(edge))}${style}]`
  })
  return `${['digraph foster {', '  rankdir=LR', '  node [shape=box]', ...boxes, ...arrows, '}'].join('\n')}\n`
}
