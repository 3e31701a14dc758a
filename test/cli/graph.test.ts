import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GraphAnswer } from '../../src/api/answers.ts'
import { foster } from './fake.ts'

const node = (name: string, critical = true) =>
  ({ name, group: name, kind: 'service', critical, state: 'RUNNING' }) as const
const edge = (from: string, to: string, more: Partial<GraphAnswer['edges'][number]> = {}) => ({
  ...{ from, to, condition: 'ready' as const, required: true, restart: false },
  ...more,
})
const graph: GraphAnswer = {
  nodes: [node('db'), node('ca"che', false), node('api'), node('web'), node('alone')],
  edges: [
    edge('api', 'db', { restart: true }),
    edge('api', 'ca"che', { condition: 'started', required: false }),
    edge('web', 'api'),
    edge('web', 'db'),
  ],
}
const replies = { 'GET /v1/graph': { value: graph } }
const written = async (format: string) => (await foster(`graph --format ${format}`, { replies })).stdout

test('text: who needs whom, from the top', async () => {
  assert.equal(
    await written('text'),
    `web RUNNING
├─ api RUNNING (ready)
│  ├─ db RUNNING (ready, restarts with it)
│  └─ ca"che RUNNING (started, optional)
└─ db RUNNING (ready)
alone RUNNING
`,
  )
})

test('text: what was shown with all below it is not shown again', async () => {
  const twice = { ...graph, edges: [...graph.edges, edge('alone', 'api')] }
  const { stdout } = await foster('graph', { replies: { 'GET /v1/graph': { value: twice } } })
  assert.match(stdout, /alone RUNNING\n└─ api RUNNING \(ready\) \.\.\.\n$/)
})

test('Mermaid', async () => {
  assert.equal(
    await written('mermaid'),
    `flowchart LR
  n0["db<br>RUNNING"]
  n1["ca#quot;che<br>RUNNING"]
  n2["api<br>RUNNING"]
  n3["web<br>RUNNING"]
  n4["alone<br>RUNNING"]
  n2 -->|ready, restarts with it| n0
  n2 -.->|started, optional| n1
  n3 -->|ready| n2
  n3 -->|ready| n0
`,
  )
})

test('DOT', async () => {
  const text = await written('dot')
  assert.match(text, /^digraph foster \{\n/)
  assert.ok(text.includes(String.raw`  "ca\"che" [label="ca\"che\nRUNNING", style=dashed]`))
  assert.ok(text.includes(String.raw`  "api" -> "ca\"che" [label="started, optional", style=dashed]`))
})

test('JSON is what the server says', async () => assert.deepEqual(JSON.parse(await written('json')), graph))
