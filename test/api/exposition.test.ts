import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expose, type Family } from '../../src/api/exposition.ts'
import { isLoopback } from '../../src/api/public.ts'

const counter: Family = {
  ...{ name: 'foster_x', type: 'counter', help: 'What\n\\ it is.', unit: 'bytes' },
  samples: [{ labels: { process: 'a"b\\c\nd', state: 'ü' }, value: 1.5 }],
}

test('the Prometheus format names the sample, OpenMetrics the family', () => {
  const sample = 'foster_x_total{process="a\\"b\\\\c\\nd",state="ü"} 1.5\n'
  const help = 'What\\n\\\\ it is.\n'
  assert.equal(expose([counter], 'prometheus'), `# HELP foster_x_total ${help}# TYPE foster_x_total counter\n${sample}`)
  assert.equal(
    expose([counter], 'openMetrics'),
    `# HELP foster_x ${help}# TYPE foster_x counter\n# UNIT foster_x bytes\n${sample}# EOF\n`,
  )
})

test('an info is a gauge where there is no such thing, and nothing is said of what has no samples', () => {
  const info: Family = { name: 'a', type: 'info', help: 'b', samples: [{ labels: {}, value: 1 }] }
  assert.equal(
    expose([info, { ...counter, samples: [] }], 'prometheus'),
    '# HELP a_info b\n# TYPE a_info gauge\na_info 1\n',
  )
  assert.match(expose([info], 'openMetrics'), /# TYPE a info\na_info 1\n/)
})

test('numbers that are none are written as both formats want them', () => {
  const of = (value: number) =>
    expose([{ name: 'a', type: 'gauge', help: 'b', samples: [{ labels: {}, value }] }], 'prometheus')
  assert.match(of(Number.POSITIVE_INFINITY), /a \+Inf\n/)
  assert.match(of(Number.NaN), /a NaN\n/)
})

test('which addresses are for this machine alone', () => {
  for (const own of ['127.0.0.1', '127.1.2.3', '::1', '0:0:0:0:0:0:0:1']) assert.equal(isLoopback(own), true, own)
  for (const all of [undefined, '0.0.0.0', '::', '10.0.0.1', '::2', 'fe80::1', '::ffff:10.0.0.1']) {
    assert.equal(isLoopback(all), false, String(all))
  }
})
