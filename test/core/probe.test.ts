/** Probes by properties: against a small model of Kubernetes' prober, and of Compose's start period. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  beginProbing,
  type Check,
  extendStartup,
  isTold,
  judgeTry,
  lookAtDues,
  type Probe,
  type ProbeName,
  type Probes,
  type Probing,
  probeDefaults,
  probeNames,
  probingDue,
  releaseProbing,
} from '../../src/core/probe.ts'
import { hear, listen } from './prober.ts'

const tcp: Check = { by: 'tcp', host: '127.0.0.1', port: 80 }
const told: readonly Check[] = [{ by: 'notify' }, { by: 'fd', fd: 3 }, { by: 'log', pattern: 'ready' }]
const never = Number.POSITIVE_INFINITY

const probeOf = (changes: Partial<Probe> = {}): Probe => ({ ...probeDefaults, check: tcp, ...changes })

const anyProbe: fc.Arbitrary<Probe> = fc.record({
  check: fc.constant(tcp),
  initialDelay: fc.constantFrom(0, 0, 5, 30),
  period: fc.integer({ min: 1, max: 20 }),
  timeout: fc.integer({ min: 1, max: 40 }),
  successThreshold: fc.integer({ min: 1, max: 3 }),
  failureThreshold: fc.integer({ min: 1, max: 4 }),
  startPeriod: fc.constant(0),
  startInterval: fc.integer({ min: 1, max: 20 }),
})
const anyToldProbe = fc
  .record({ probe: anyProbe, check: fc.constantFrom(...told) })
  .map(it => ({ ...it.probe, check: it.check }))

/** What a try will say, and after how long. */
interface Answer {
  readonly ok: boolean
  readonly after: number
}
const anyAnswers = fc.array(fc.record({ ok: fc.boolean(), after: fc.nat({ max: 40 }) }), {
  minLength: 1,
  maxLength: 25,
})

interface Try extends Answer {
  readonly began: number
  readonly verdict: string
}

/** Lets one tried probe of a process that began at 0 go through its answers. */
function run(name: ProbeName, probe: Probe, answers: readonly Answer[]): readonly Try[] {
  const probes: Probes = { [name]: probe }
  let probing = beginProbing(probes, 0)
  return answers.map(({ ok, after }) => {
    const began = probingDue(probing)
    assert.equal(lookAtDues(probes, probing, began - 1), undefined, 'a try before its due')
    const found = lookAtDues(probes, probing, began)
    assert.deepEqual(found?.tries, [name])
    assert.equal(probingDue(found.probing), never, 'another try is due while one is under way')
    const now = began + after
    const progress = judgeTry(name, probe, progressOf(found.probing, name), { ok, detail: 'no' }, { now, uptime: now })
    probing = { [name]: progress }
    assert.equal(progress.detail, ok ? '' : 'no')
    return { ok, after, began, verdict: progress.verdict }
  })
}

function progressOf(probing: Probing, name: ProbeName) {
  const progress = probing[name]
  if (progress === undefined) assert.fail(`no ${name}`)
  return progress
}

const anyName = fc.constantFrom(...probeNames)

describe('a probe that is tried', () => {
  test('its verdict is that of the kubelet', () => {
    fc.assert(
      fc.property(anyName, anyProbe, anyAnswers, (name, probe, answers) => {
        let ear = listen({ [name]: probe })
        for (const { ok, verdict } of run(name, probe, answers)) {
          ear = hear({ [name]: probe }, ear, name, ok)
          assert.equal(verdict, ear[name]?.result)
          // Who has started is not asked any more.
          if (name === 'startup' && verdict === 'passing') return
        }
      }),
    )
  })

  test('the first try is after the initial delay, the next a period after the last began, or when that has ended', () => {
    fc.assert(
      fc.property(anyName, anyProbe, anyAnswers, (name, probe, answers) => {
        const tries = run(name, probe, answers)
        assert.equal(tries[0]?.began, probe.initialDelay)
        tries.slice(1).forEach(({ began }, i) => {
          const last = tries[i] as Try
          assert.equal(began, Math.max(last.began + probe.period, last.began + last.after))
        })
      }),
    )
  })

  test("Compose's start period: failures in it do not count and are tried again sooner, until a first success", () => {
    const any = fc.record({ probe: anyProbe, startPeriod: fc.constantFrom(1, 20, 60, 1000) })
    fc.assert(
      fc.property(any, anyAnswers, ({ probe: some, startPeriod }, answers) => {
        const probe = { ...some, startPeriod, successThreshold: 1 }
        let failures = 0
        let verdict = 'unknown'
        let next = probe.initialDelay
        for (const it of run('readiness', probe, answers)) {
          assert.equal(it.began, next)
          const ended = it.began + it.after
          const starts = verdict === 'unknown' && ended < startPeriod
          failures = it.ok ? 0 : failures + (starts ? 0 : 1)
          if (it.ok) verdict = 'passing'
          else if (failures >= probe.failureThreshold) verdict = 'failing'
          assert.equal(it.verdict, verdict)
          next = Math.max(ended, it.began + (starts && !it.ok ? probe.startInterval : probe.period))
        }
      }),
    )
  })
})

describe('startup holds back the others', () => {
  const some = fc.oneof(anyProbe, anyToldProbe)
  const any = fc.record({ startup: some, readiness: some, liveness: some }, { requiredKeys: ['startup'] })

  test('nothing else has a due before it has passed', () => {
    fc.assert(
      fc.property(any, probes => {
        const { startup, ...others } = beginProbing(probes, 100)
        assert.ok(startup !== undefined && Number.isFinite(startup.due))
        for (const progress of Object.values(others)) assert.equal(progress.due, never)
      }),
    )
  })

  test('then each waits for the rest of its initial delay, which counts from the start of the process', () => {
    fc.assert(
      fc.property(any, fc.nat({ max: 60 }), (probes, uptime) => {
        const now = 100 + uptime
        const after = releaseProbing(probes, beginProbing(probes, 100), 100, now)
        assert.equal(after.startup?.due, never)
        for (const name of ['readiness', 'liveness'] as const) {
          const probe = probes[name]
          if (probe === undefined) continue
          const patience = probe.initialDelay + probe.period * probe.failureThreshold
          const silence = name === 'liveness' ? now + patience : never
          assert.equal(after[name]?.due, isTold(probe.check) ? silence : Math.max(now, 100 + probe.initialDelay))
        }
      }),
    )
  })

  test('what has been told before is kept', () => {
    for (const check of told) {
      const probes = { startup: probeOf(), readiness: probeOf({ check }) }
      const begun = beginProbing(probes, 0)
      const moment = { now: 5, uptime: 5 }
      const readiness = judgeTry('readiness', probes.readiness, progressOf(begun, 'readiness'), yes, moment)
      assert.equal(releaseProbing(probes, { ...begun, readiness }, 0, 9).readiness?.verdict, 'passing')
    }
  })
})

const yes = { ok: true, detail: '' }

describe('a probe that the program tells', () => {
  test('is never tried; startup and liveness fail when it stays silent, readiness only gates', () => {
    fc.assert(
      fc.property(anyName, anyToldProbe, (name, probe) => {
        const probes: Probes = { [name]: probe }
        const begun = beginProbing(probes, 50)
        const overdue = 50 + probe.initialDelay + probe.period * probe.failureThreshold
        assert.equal(probingDue(begun), name === 'readiness' ? never : overdue)
        assert.equal(lookAtDues(probes, begun, overdue - 1), undefined)
        const found = lookAtDues(probes, begun, overdue)
        if (name === 'readiness') return assert.equal(found, undefined)
        assert.deepEqual(found?.tries, [])
        assert.equal(found.probing[name]?.verdict, 'failing')
        assert.match(found.probing[name]?.detail ?? '', /^no .+ within [\d.]+s$/)
        assert.equal(probingDue(found.probing), never)
      }),
    )
  })

  test('one word decides, whatever the thresholds; a sign of life is good for as long as the next may take', () => {
    fc.assert(
      fc.property(anyName, anyToldProbe, fc.array(fc.boolean(), { maxLength: 8 }), (name, probe, words) => {
        let progress = progressOf(beginProbing({ [name]: probe }, 0), name)
        words.forEach((ok, i) => {
          const now = 10 * (i + 1)
          progress = judgeTry(name, probe, progress, { ok, detail: 'it says so' }, { now, uptime: now })
          assert.equal(progress.verdict, ok ? 'passing' : 'failing')
          assert.equal(progress.detail, ok ? '' : 'it says so')
          const patience = probe.initialDelay + probe.period * probe.failureThreshold
          assert.equal(progress.due, name === 'liveness' && ok ? now + patience : never)
        })
      }),
    )
  })

  test('a startup that asks for more time has at least that, and never less than before', () => {
    fc.assert(
      fc.property(anyToldProbe, fc.nat({ max: 200 }), (startup, until) => {
        const before = beginProbing({ startup }, 0)
        const after = extendStartup({ startup }, before, until)
        assert.equal(after.startup?.due, Math.max(probingDue(before), until))
        const passed = releaseProbing({ startup }, before, 0, 1)
        assert.equal(probingDue(extendStartup({ startup }, passed, until)), never, 'it has started')
      }),
    )
  })

  test('only what is told is waited for longer: a try is not put off', () => {
    const startup = probeOf({ initialDelay: 5 })
    assert.equal(probingDue(extendStartup({ startup }, beginProbing({ startup }, 0), 60_000)), 5)
  })
})

describe('several probes', () => {
  test('do not disturb each other: each has the dues that it has alone', () => {
    const some = fc.oneof(anyProbe, anyToldProbe)
    fc.assert(
      fc.property(some, some, fc.nat({ max: 300 }), (readiness, liveness, now) => {
        const both = { readiness, liveness }
        const found = lookAtDues(both, beginProbing(both, 0), now)
        const alone = [{ readiness }, { liveness }].map(it => lookAtDues(it, beginProbing(it, 0), now))
        assert.deepEqual(
          found?.tries ?? [],
          alone.flatMap(it => it?.tries ?? []),
        )
        const probing = found?.probing ?? beginProbing(both, 0)
        assert.deepEqual(probing.readiness, (alone[0]?.probing ?? beginProbing({ readiness }, 0)).readiness)
        assert.deepEqual(probing.liveness, (alone[1]?.probing ?? beginProbing({ liveness }, 0)).liveness)
      }),
    )
  })

  test('where none is configured nothing is ever due', () => {
    assert.deepEqual(beginProbing({}, 5), {})
    assert.equal(probingDue(beginProbing({}, 5)), never)
    assert.equal(lookAtDues({}, {}, 1e9), undefined)
  })
})
