/**
 * What a start does, done once while the snapshot is made: functions that have run are in it compiled, and those that
 * have not would be compiled at every start. Nothing of the system is touched; the results are thrown away.
 */
import * as v from 'valibot'
import type { StatusAnswer } from './api/answers.ts'
import { routes, targetOf } from './api/protocol.ts'
import { parseArguments } from './cli/arguments.ts'
import { ResponseReader, requestText } from './cli/http.ts'
import { statusTable } from './cli/table.ts'
import { type Facts, load } from './config/load.ts'
import { commandPlan, withCommand } from './core/command.ts'
import type { World } from './core/draft.ts'
import type { LogPlace, OpenOutlet } from './core/output.ts'
import type { Plan } from './core/plan.ts'
import { type Input, nextDeadline, step, worldOf } from './core/world.ts'
import { openLogs } from './log/router.ts'
import { Children } from './os/children.ts'
import { markInherited, softDescriptorLimit } from './os/descriptors.ts'
import { ownSettings } from './os/launch.ts'
import { becomeSubreaper, rehearseCalls } from './os/libc.ts'
import { limitDescriptors } from './os/limits.ts'
import { environmentOf, inheritable } from './run/environment.ts'
import { announcementOf, noticeOf } from './run/notices.ts'

const sample = `
programs:
  db:
    command: redis-server --save ''
    stop_grace_period: 5s
  migrate:
    kind: task
    command: [./migrate.sh, --all]
    environment: {A: b, HOST: "\${HOSTNAME:-here}"}
    depends_on: [db]
  web:
    command: exec nginx -g 'daemon off;'
    shell: true
    restart: always
    user: web
    depends_on: {db: started, migrate: {condition: completed}}
shutdown: {timeout: 20s}
log: {format: prefix}
`

const sampleStatus: StatusAnswer = {
  ...{ version: '', pid: 1, started: '', uptime: 1, phase: 'serving', ready: true },
  programs: [
    {
      ...{ name: 'web', program: 'web', group: 'web', replica: null, kind: 'service', critical: true },
      ...{ state: 'RUNNING', state_code: 20, ready: true, pid: 2, since: '', uptime: 1, restarts: 0, failures: 0 },
      ...{ waiting_for: [], retry_in: null, reason: null, status_text: null, reloading: false, last_exit: null },
      probes: [],
    },
  ],
}

const facts: Facts = {
  uid: 0,
  gid: 0,
  environment: { PATH: '/usr/bin:/bin', FOSTER_PROGRAM_WEB__STOP_SIGNAL: 'QUIT' },
  privileges: {
    ...{ has: () => true, groups: () => [], nice: () => 0, oomScoreAdj: () => 0 },
    ...{ limit: () => undefined, mostDescriptors: () => undefined },
  },
  readFile: () => sample,
  glob: () => [],
  whatIs: () => 'directory',
  hostName: () => 'host',
  directory: () => '/conf',
  account: name => ({ name, uid: 1, gid: 1, home: '/' }),
  accountByUid: () => undefined,
  group: () => undefined,
  groupsOf: () => [],
}

/** Goes through a start, a run and a stop. */
export function rehearse(): void {
  parseArguments(['run', '-c', 'foster.yaml'], '')
  parseArguments(['-e', '143', '--', 'true'], '')
  rehearseClient()
  const { plan } = load(['foster.yaml'], facts)
  if (plan === undefined) throw new Error('the sample configuration is faulty')
  rehearseWorld(withCommand(plan, ['true'], false))
  rehearseWorld(commandPlan(['true'], false, []))
  rehearseCalls(rehearseSystem)
}

/** A start of a program and what surrounds it, with a C library that does nothing. */
function rehearseSystem(): void {
  limitDescriptors(softDescriptorLimit)
  markInherited({})
  becomeSubreaper()
  const children = new Children(() => {})
  const launch = {
    argv: ['true'],
    environment: { PATH: '/bin' },
    workingDir: undefined,
    user: undefined,
    settings: ownSettings,
    terminal: undefined,
  }
  children.launch({ ...launch, stdio: [0, 1, 2], descriptors: [], mark: undefined }, () => {})
  children.reap()
}

const noPlace: LogPlace = {
  ...{ open: () => '', has: () => false, suffixes: () => undefined, rename: () => 0, remove: () => 0 },
  compress: () => {},
}

/** Runs a plan through the rules, the words and the log. */
function rehearseWorld(plan: Plan): void {
  const outlet: OpenOutlet = { write: (_bytes, _offset, length) => length, wait: () => {}, key: '', isTerminal: false }
  const logs = openLogs({
    errnoName: String,
    outlets: { stdout: outlet, stderr: outlet },
    plan: plan.log,
    programs: plan.programs,
    place: () => noPlace,
    environment: {},
    io: { watch: () => ({ pause: () => {}, resume: () => {}, close: () => {} }), read: () => 0, readable: () => 0 },
    now: () => new Date(0),
    after: () => () => {},
  })
  let world: World = worldOf(plan)
  const take = (input: Input): void => {
    const { world: next, effects } = step(world, input, { now: 0, random: 0.5 })
    world = next
    nextDeadline(world)
    for (const effect of effects) {
      const program = 'index' in effect ? plan.programs[effect.index] : undefined
      const notice =
        effect.do === 'announce'
          ? announcementOf(effect.what, plan, world.states)
          : effect.do === 'note' && program !== undefined
            ? noticeOf(effect, program, 0)
            : undefined
      if (notice !== undefined) logs.say(notice.level, notice.text)
    }
  }
  take({ on: 'boot' })
  plan.programs.forEach((program, index) => {
    environmentOf(program, inheritable({ PATH: '/bin' }))
    take({ on: 'program', index, event: { on: 'spawned', pid: index + 1 } })
  })
  take({ on: 'deadline' })
  take({ on: 'signal', signal: 'TERM' })
  plan.programs.forEach((_program, index) => {
    take({ on: 'program', index, event: { on: 'exit', ending: { how: 'exited', code: 0 } } })
  })
  take({ on: 'strays-gone' })
  logs.flush(0, () => {})
}

/** What `status` and `health` do, which are run every few seconds; the answer is as short as one can be. */
function rehearseClient(): void {
  for (const word of ['status', 'health']) parseArguments([word, '--socket', '/run/foster.sock'], '')
  requestText('GET', targetOf(routes.health, '', { kind: 'ready' }), '')
  const body = JSON.stringify(sampleStatus)
  const reader = new ResponseReader()
  const pieces = reader.take(Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`))
  if (!v.is(routes.status.answer, JSON.parse(Buffer.concat(pieces).toString()))) throw new Error('no status')
  statusTable(sampleStatus.programs, { columns: 80, isColoured: true })
}
