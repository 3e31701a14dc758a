/** Plans of any kind for random walks: all that a plan can say of programs is in them, mixed. */
import fc from 'fast-check'
import type { Dependency, Plan, Program } from '../../src/core/plan.ts'
import type { Probe, Probes } from '../../src/core/probe.ts'
import { names } from './graphs.ts'
import { planOf, programOf } from './plans.ts'

const millis = fc.constantFrom(0, 10, 50, 300, 5000)

const probe: fc.Arbitrary<Probe> = fc.record({
  check: fc.constantFrom(
    { by: 'file', path: '/ready' } as const,
    { by: 'notify' } as const,
    { by: 'fd', fd: 3 } as const,
  ),
  initialDelay: fc.constantFrom(0, 0, 20),
  period: fc.constantFrom(10, 50),
  timeout: fc.constant(10),
  successThreshold: fc.constantFrom(1, 1, 2),
  failureThreshold: fc.constantFrom(1, 1, 3),
  startPeriod: fc.constant(0),
  startInterval: fc.constant(10),
})

const probes: fc.Arbitrary<Probes> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  { weight: 3, arbitrary: fc.record({ startup: probe, readiness: probe, liveness: probe }, { requiredKeys: [] }) },
)

const dependency: fc.Arbitrary<Dependency> = fc.record({
  program: fc.constantFrom(...names),
  condition: fc.constantFrom('started' as const, 'ready' as const, 'completed' as const),
  required: fc.boolean(),
  restart: fc.boolean(),
})

const program = fc.record({
  kind: fc.constantFrom('service' as const, 'service' as const, 'task' as const, 'daemon' as const),
  critical: fc.constantFrom(true, false, false, false),
  autostart: fc.constantFrom(true, true, false),
  restart: fc.constantFrom('never' as const, 'on-failure' as const, 'always' as const),
  successExitCodes: fc.constantFrom([0], [0, 3], [3], []),
  startMillis: millis,
  startTimeoutMillis: millis.map(it => it + 10),
  startRetries: fc.constantFrom(0, 1, 2, Number.POSITIVE_INFINITY),
  backoff: millis.map(delay => ({ delay, factor: 2, max: 500, jitter: 0, resetAfter: 400 })),
  stopGraceMillis: millis,
  probes,
  dependsOn: fc.array(dependency, { maxLength: 3 }),
  replicas: fc.constantFrom(1, 1, 1, 2),
})

const shutdown = fc.record({ timeout: fc.constantFrom(0, 40, 1000, 9000), delay: fc.constantFrom(0, 100, 2000) })

/** Up to six programs, each of which depends only on earlier or only on later ones. */
export const anyPlan: fc.Arbitrary<Plan> = fc
  .tuple(fc.boolean(), fc.array(program, { minLength: 1, maxLength: 6 }), shutdown)
  .map(([backwards, list, times]) => {
    const all = list.flatMap(({ replicas, ...it }, index): readonly Program[] => {
      // Only names before it, each once: no cycles.
      const before = new Set<string>(names.slice(0, index))
      const own = { ...it, dependsOn: it.dependsOn.filter(({ program: on }) => before.delete(on)) }
      const name = names[index] ?? ''
      return replicas === 1
        ? [programOf(name, own)]
        : [...Array(replicas).keys()].map(replica => programOf(name, { ...own, replica }))
    })
    return planOf(backwards ? all.reverse() : all, times)
  })
