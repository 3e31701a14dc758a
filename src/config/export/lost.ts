/** What a container of its own does not do as foster did: one line each, to stand above it. */
import { type Program, programDefaults } from '../../core/plan.ts'
import { formatDuration } from '../duration.ts'
import type { Unit } from './units.ts'

/** What the export is for. */
export type Format = 'kubernetes' | 'compose'

type Line = (program: Program) => string | false | undefined

const anywhere: readonly Line[] = [
  ({ kind }) =>
    kind === 'daemon' &&
    'kind: daemon: it forks away, and the container ends at once: give it the option that keeps it in the foreground',
  ({ log }) =>
    log.stdout.some(({ to }) => to === 'protocol') &&
    "an event listener of Supervisor's: there are no events here, so leave it out",
  ({ socket }) =>
    socket !== undefined && "a FastCGI program of Supervisor's: nothing gives it its socket here, so leave it out",
  ({ critical }) => !critical && 'critical: false: there is no such thing as critical; no container ends the others',
  ({ autostart }) => !autostart && 'autostart: false: here it is started with the others',
  ({ successExitCodes: codes }) =>
    codes.join() !== '0' && `success_exit_codes [${codes.join(', ')}]: here only 0 is a success`,
  ({ umask }) => umask !== undefined && `umask ${umask.toString(8).padStart(3, '0')}: lost, set it in the program`,
  ({ nice }) => nice !== undefined && `nice ${nice}: lost`,
  ({ envInherit }) => envInherit !== true && "env_inherit: lost, it sees all of the image's variables",
  ({ stopScope }) => stopScope === 'group' && 'stop_scope: group: here only the first process gets the stop signal',
  ({ log }) =>
    [log.stdout, log.stderr].some(it => it !== 'stdout' && it.some(({ to }) => to === 'file' || to === 'null')) &&
    'log: files and null are lost, all output goes to stdout and stderr of the container',
  ({ backoff }) => {
    const { delay, factor, max } = programDefaults.backoff
    const isUsual = backoff.delay === delay && backoff.factor === factor && backoff.max === max
    return !isUsual && `backoff ${formatDuration(backoff.delay)} to ${formatDuration(backoff.max)}: lost`
  },
]

const inPods: readonly Line[] = [
  ({ startRetries }) =>
    startRetries !== programDefaults.startRetries &&
    startRetries !== Number.POSITIVE_INFINITY &&
    `start_retries ${startRetries}: here it is started again without end`,
  ({ stopCommand, kind }) =>
    stopCommand !== undefined && kind === 'task' && 'stop_command: lost, it is an init container',
  ({ stopSignal }) =>
    stopSignal !== programDefaults.stopSignal &&
    `stop_signal ${stopSignal}: here it gets TERM, or the STOPSIGNAL of the image (lifecycle.stopSignal is not for all clusters yet)`,
  ({ stopGraceMillis }) =>
    stopGraceMillis !== programDefaults.stopGraceMillis &&
    `stop_grace_period ${formatDuration(stopGraceMillis)}: here all containers share terminationGracePeriodSeconds`,
  ({ oomScoreAdj }) => oomScoreAdj !== undefined && `oom_score_adj ${oomScoreAdj}: here it follows from the resources`,
  ({ limits }) => limits.length > 0 && `ulimits ${limits.map(({ name }) => name).join(', ')}: lost`,
  ({ user }) =>
    user?.groups.some(gid => gid !== user.gid) &&
    `groups ${user.groups.filter(gid => gid !== user.gid).join(', ')}: here for all containers, securityContext.supplementalGroups of the pod`,
  ({ dependsOn }) =>
    dependsOn.some(({ restart }) => restart) && 'depends_on with restart: true: here it is not restarted with it',
  ({ dependsOn }) =>
    dependsOn.some(({ required }) => !required) && 'depends_on with required: false: here it is waited for without end',
]

/** The lines of a unit. */
export function lostOf({ program, awaited }: Unit, format: Format): readonly string[] {
  const lines = format === 'kubernetes' ? [...anywhere, ...inPods] : anywhere
  const found = lines.map(line => line(program)).filter(line => typeof line === 'string')
  const isService = awaited.has('completed') && program.kind !== 'task'
  return isService ? ['a service that others wait for to end: here it is a task', ...found] : found
}
