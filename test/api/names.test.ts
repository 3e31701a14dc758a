import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveName } from '../../src/api/names.ts'
import type { Program } from '../../src/core/plan.ts'
import { programOf } from '../core/plans.ts'

const programs: readonly Program[] = [
  programOf('web', { replica: 0 }),
  programOf('web', { replica: 1 }),
  programOf('worker', { group: 'backend', replica: 0 }),
  programOf('worker', { group: 'backend', replica: 1 }),
  programOf('mail', { group: 'backend' }),
  programOf('db'),
]
const find = (name: string, sees: (program: Program) => boolean = () => true) => resolveName(name, programs, sees)

test('a name is a process, a program, a group, or all', () => {
  assert.deepEqual(find('web:1'), [1])
  assert.deepEqual(find('web'), [0, 1])
  assert.deepEqual(find('web:*'), [0, 1])
  assert.deepEqual(find('backend:*'), [2, 3, 4])
  assert.deepEqual(find('db'), [5])
  assert.deepEqual(find('db:*'), [5])
  assert.deepEqual(find('all'), [0, 1, 2, 3, 4, 5])
})

test("Supervisor's names work as well", () => {
  assert.deepEqual(find('backend:worker_1'), [3])
  assert.deepEqual(find('backend:mail'), [4])
  assert.deepEqual(find('db:db'), [5])
})

test('an unknown name has the nearest as a hint, or what there is', () => {
  assert.deepEqual(find('wbe'), {
    code: 'unknown-program',
    message: 'there is no program "wbe"',
    hint: 'did you mean "web"?',
  })
  const far = find('something-else')
  assert.ok('hint' in far && far.hint?.includes('there are web:0, web'))
  assert.ok('code' in find('backend'))
  assert.ok('code' in find('web:2'))
  assert.ok('code' in find(''))
  assert.ok('code' in find('*'))
})

test('what is not seen does not exist, not even as a hint', () => {
  const sees = (program: Program) => program.name === 'db'
  assert.deepEqual(find('all', sees), [5])
  const hidden = find('web', sees)
  assert.ok('code' in hidden && !JSON.stringify(hidden.hint).includes('web'))
})
