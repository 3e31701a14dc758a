import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commandPlan } from '../../src/core/command.ts'
import { environmentOf, inheritable } from '../../src/run/environment.ts'

const [program] = commandPlan(['true'], false, []).programs
assert.ok(program !== undefined)

test('FOSTER_* is not inherited, everything else is, empty values too', () => {
  assert.deepEqual(inheritable({ A: '1', EMPTY: '', FOSTER_CONFIG: '/x', FOSTER_PROGRAM_WEB: 'y', B: undefined }), {
    A: '1',
    EMPTY: '',
  })
})

test('what the configuration says wins over the user, the user over what is inherited', () => {
  const user = { uid: 5, gid: 5, groups: [], name: 'web', home: '/home/web' }
  const inherited = { HOME: '/root', USER: 'root', PATH: '/bin' }
  assert.deepEqual(environmentOf({ ...program, name: 'web', user, environment: { USER: 'other' } }, inherited), {
    HOME: '/home/web',
    USER: 'other',
    LOGNAME: 'web',
    PATH: '/bin',
    FOSTER_NAME: 'web',
    FOSTER_GROUP: 'web',
    FOSTER_REPLICA: '0',
  })
})

test('a uid without an entry has a home and no name', () => {
  const user = { uid: 5, gid: 0, groups: [], name: undefined, home: '/' }
  const { HOME, USER } = environmentOf({ ...program, user }, { USER: 'root' })
  assert.deepEqual({ HOME, USER }, { HOME: '/', USER: 'root' })
})

test('what is inherited can be nothing, or what matches a pattern', () => {
  const inherited = { PATH: '/bin', LC_ALL: 'C', LC_TIME: 'C', LANG: 'C', 'A.B': '1', AxB: '1' }
  const names = (envInherit: boolean | readonly string[]): readonly string[] =>
    Object.keys(environmentOf({ ...program, envInherit }, inherited)).filter(name => !name.startsWith('FOSTER_'))
  assert.deepEqual(names(false), [])
  assert.deepEqual(names([]), [])
  assert.deepEqual(names(true), Object.keys(inherited))
  assert.deepEqual(names(['LC_*', 'LAN?', 'A.B']), ['LC_ALL', 'LC_TIME', 'LANG', 'A.B'])
})

test('secrets win over the rest of the environment, and are not inherited by chance', () => {
  const { A, B } = environmentOf(
    { ...program, environment: { A: 'file', B: 'own' } },
    { A: 'inherited' },
    { A: 'secret' },
  )
  assert.deepEqual({ A, B }, { A: 'secret', B: 'own' })
})

test('HOME, USER and LOGNAME stay as they are where the program is run as supervisord would', () => {
  const user = { uid: 5, gid: 5, groups: [], name: 'web', home: '/home/web' }
  const { HOME, USER, LOGNAME } = environmentOf({ ...program, user, setsIdentity: false }, { HOME: '/root' })
  assert.deepEqual({ HOME, USER, LOGNAME }, { HOME: '/root', USER: undefined, LOGNAME: undefined })
})
