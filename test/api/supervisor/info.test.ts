/** What clients are told of programs that could not be started: Supervisor's words, where it has any. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spawnError } from '../../../src/api/supervisor/info.ts'
import type { Member } from '../../../src/api/supervisor/members.ts'
import { load } from '../../../src/config/load.ts'
import type { State } from '../../../src/core/state.ts'
import { explain, notFound } from '../../../src/os/executable.ts'
import { factsOf } from '../../config/facts.ts'

function member(): Member {
  const { plan } = load(['s.conf'], factsOf({ 's.conf': '[supervisord]\n[program:web]\ncommand=web\n' }))
  const group = plan?.supervisor?.groups[0] ?? assert.fail('there is no group')
  const process = group.processes[0] ?? assert.fail('there is no process')
  const program = plan?.programs[0] ?? assert.fail('there is no program')
  return { group, process, program, index: 0 }
}

const past = { since: undefined, lastExit: undefined, said: undefined, reloading: false }

test('what could not be started is said as Supervisor says it', () => {
  const [ENOENT, EACCES] = [2, 13]
  const said = [
    notFound('nosuch'),
    explain(ENOENT, '/nowhere/at-all', undefined),
    explain(EACCES, '/usr', undefined),
    explain(EACCES, '/etc/passwd', undefined),
    explain(ENOENT, 'x', '/nowhere'),
  ].map(last => {
    const state: State = { at: 'backoff', deadline: 0, last, failures: 1, streak: 1, runs: 0 }
    return spawnError(member(), state, past)
  })
  assert.deepEqual(said, [
    "can't find command 'nosuch'",
    "can't find command '/nowhere/at-all'",
    "command at '/usr' is a directory",
    "command at '/etc/passwd' is not executable",
    'working_dir /nowhere: not found, or not to be entered',
  ])
})
