/**
 * Every graph of up to four programs with every condition at every edge, each searched to its end while the container
 * serves; from what is reached it is asked to stop. The programs of a graph are drawn from those that probes, replicas,
 * daemons and restarts make different. With FOSTER_SEARCH=full each graph is searched with many draws.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Dependency, Plan, Program } from '../../src/core/plan.ts'
import { type Probe, probeDefaults } from '../../src/core/probe.ts'
import { type Labelled, labelledGraphs, names, randomOf } from './graphs.ts'
import { on, planOf, programOf } from './plans.ts'
import { type Count, searchServing } from './search.ts'

const full = process.env.FOSTER_SEARCH === 'full'

const told: Probe = { ...probeDefaults, check: { by: 'fd', fd: 3 }, period: 10, failureThreshold: 1 }
const tried: Probe = { ...told, check: { by: 'file', path: '/ready' } }

/** What programs may be; the times are such that few of them are all there is. */
const forms = {
  plain: {},
  task: { kind: 'task', restart: 'on-failure' },
  flapping: { probes: { readiness: told } },
  asked: { probes: { readiness: tried } },
  starting: { probes: { startup: { ...told, check: { by: 'notify' } } }, restart: 'on-failure' },
  ill: { probes: { liveness: tried }, restart: 'on-failure' },
  daemon: { kind: 'daemon', restart: 'always', startTimeoutMillis: 10 },
  patient: { startMillis: 10, restart: 'always' },
} as const satisfies Readonly<Record<string, Partial<Program>>>
type Form = keyof typeof forms

/** Those with a rhythm of their own: one of them is enough for a graph of four. */
const costly: ReadonlySet<Form> = new Set(['asked', 'ill', 'starting', 'patient', 'daemon'])

const conditions = ['started', 'ready', 'completed'] as const
type Edges = ReadonlyArray<Labelled<Dependency['condition']>>

interface Draw {
  readonly forms: readonly Form[]
  readonly critical: number
  readonly restart: (edge: number) => boolean
  readonly required: (edge: number) => boolean
  readonly backwards: boolean
  /** The program that there are two of. */
  readonly doubled: number | undefined
}

function draw(size: number, random: () => number, mostCostly: number, doubled: number | undefined): Draw {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const all = Object.keys(forms) as Form[]
  let left = mostCostly
  const chosen = Array.from({ length: size }, () => {
    const form = pick(left > 0 ? all : all.filter(it => !costly.has(it)))
    if (costly.has(form)) left--
    return form
  })
  const bits = Math.floor(random() * 2 ** 12)
  return {
    forms: chosen,
    critical: Math.floor(random() * 3 * size),
    restart: edge => (bits & (1 << edge)) !== 0,
    required: edge => (bits & (64 << edge)) !== 0 || random() < 0.5,
    backwards: random() < 0.5,
    doubled,
  }
}

function planWith(edges: Edges, { forms: chosen, critical, restart, required, backwards, doubled }: Draw): Plan {
  const programs = chosen.flatMap((form, index): readonly Program[] => {
    const dependsOn = edges.flatMap(({ from, to, label }, edge) =>
      from === index
        ? [on(names[to] ?? '', { condition: label, restart: restart(edge), required: required(edge) })]
        : [],
    )
    const own: Partial<Program> = {
      restart: 'never',
      critical: critical === index,
      startMillis: 0,
      startRetries: 1,
      backoff: { delay: 0, factor: 1, max: 0, jitter: 0, resetAfter: 0 },
      stopGraceMillis: 10,
      ...forms[form],
      dependsOn,
    }
    const name = names[index] ?? ''
    return index === doubled ? [0, 1].map(replica => programOf(name, { ...own, replica })) : [programOf(name, own)]
  })
  return planOf(backwards ? programs.reverse() : programs, { timeout: 1000 })
}

interface Scope {
  readonly size: number
  /** A graph for each of so many is searched, so many times. */
  readonly every: number
  readonly times: number
  readonly wishes: number
  readonly costly: number
  readonly replicas?: true
}

function searchAll({ size, every, times, wishes, costly: most, replicas }: Scope, count: Count): number {
  const random = randomOf(size)
  const all = labelledGraphs(size, conditions)
  for (const [i, edges] of all.entries()) {
    if (i % every !== 0) continue
    for (let time = 0; time < times; time++) {
      const doubled = replicas === undefined ? undefined : (i + time) % size
      searchServing(planWith(edges, draw(size, random, i % (full ? 4 : 8) === 1 ? most : 0, doubled)), wishes, count)
    }
  }
  return all.length
}

describe('the world, all graphs', () => {
  const count = (): Count => ({ plans: 0, worlds: 0, steps: 0 })
  const scopes = {
    'two programs, an operator with a wish': {
      size: 2,
      every: 1,
      times: full ? 40 : 3,
      wishes: full ? 2 : 1,
      costly: 2,
    },
    'three programs, an operator with a wish': {
      size: 3,
      every: full ? 1 : 26,
      times: full ? 4 : 1,
      wishes: 1,
      costly: 1,
    },
    'three programs': { size: 3, every: 1, times: full ? 20 : 1, wishes: 0, costly: 1 },
    'two programs and replicas of one': {
      size: 2,
      every: 1,
      times: full ? 40 : 2,
      wishes: 0,
      costly: 1,
      replicas: true,
    },
    'three programs and replicas of one': {
      size: 3,
      every: full ? 1 : 7,
      times: full ? 6 : 1,
      wishes: 0,
      costly: 1,
      replicas: true,
    },
    'four programs': { size: 4, every: full ? 1 : 47, times: 1, wishes: 0, costly: 1 },
  } as const satisfies Readonly<Record<string, Scope>>
  const graphs = [4, 52, 52, 4, 52, 2724]
  const fewestWorlds = [5000, 10_000, 15_000, 8000, 3000, 40_000]
  for (const [i, [title, scope]] of Object.entries(scopes).entries()) {
    test(title, t => {
      const seen = count()
      const all = searchAll(scope, seen)
      t.diagnostic(`${all} graphs in all, ${JSON.stringify(seen)}`)
      assert.equal(all, graphs[i])
      assert.ok(seen.plans >= all / scope.every, 'graphs are left out')
      assert.ok(seen.worlds >= (fewestWorlds[i] ?? 0), 'the search is smaller than it was')
    })
  }
})
