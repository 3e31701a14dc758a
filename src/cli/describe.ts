/** One process in words: why it is in its state, in Supervisor's words where it has them. */
import type { ProcessStatus } from '../api/answers.ts'
import { harmless } from './width.ts'

/** What stands behind the state: `pid 12, uptime 0:01:40`, or why it does not run. */
export function describe(process: ProcessStatus): string {
  return harmless(
    partsOf(process)
      .filter(it => it !== '')
      .join(', '),
  )
}

function partsOf(process: ProcessStatus): readonly string[] {
  const { state, reason, last_exit: last } = process
  switch (state) {
    case 'STARTING':
    case 'RUNNING':
      return [
        running(process),
        readiness(process),
        reloading(process),
        failing(process),
        restarts(process),
        said(process),
      ]
    case 'STOPPING':
      return [running(process), reason ?? '']
    case 'WAITING':
      return [reason ?? waiting(process), restarts(process)]
    case 'BACKOFF':
      return [reason ?? last?.reason ?? '', retry(process), failures(process)]
    case 'STOPPED':
      return last === null ? [reason ?? 'Not started'] : [stopDate(process), reason ?? '']
    case 'EXITED':
      return [stopDate(process), reason ?? last?.reason ?? '', restarts(process)]
    case 'FATAL':
      return [reason ?? last?.reason ?? `unknown error (try "tail ${process.name}")`]
  }
}

/** `pid 12, uptime 0:01:40`. */
function running({ pid, uptime }: ProcessStatus): string {
  if (pid === null) return ''
  return uptime === null ? `pid ${pid}` : `pid ${pid}, uptime ${uptimeText(uptime)}`
}

/** Said only where it is not plain: RUNNING without a probe is ready. */
function readiness({ state, ready, reason, probes }: ProcessStatus): string {
  if (state === 'RUNNING' && !ready) return reason ?? 'not ready'
  const probe = probes.find(it => it.probe === (ready ? 'readiness' : 'startup'))
  if (probe === undefined) return ''
  if (ready) return 'ready'
  return probe.reason === null ? 'starting up' : `starting up: ${probe.reason}`
}

const reloading = (process: ProcessStatus): string => (process.reloading ? 'reloading' : '')

const said = (process: ProcessStatus): string => process.status_text ?? ''

/** Only a failing liveness probe is news. */
function failing({ probes }: ProcessStatus): string {
  const probe = probes.find(it => it.probe === 'liveness' && it.ok === false)
  return probe === undefined ? '' : `liveness fails: ${probe.reason ?? 'no reason given'}`
}

const restarts = ({ restarts: count }: ProcessStatus): string =>
  count === 0 ? '' : count === 1 ? '1 restart' : `${count} restarts`

const failures = ({ failures: count }: ProcessStatus): string => (count < 2 ? '' : `${count} failures in a row`)

const waiting = ({ waiting_for: names }: ProcessStatus): string =>
  names.length === 0 ? '' : `waits for ${names.join(', ')}`

function retry({ retry_in: seconds }: ProcessStatus): string {
  if (seconds === null) return ''
  return `again in ${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)} s`
}

/** `0:01:40`, `1 day, 0:01:40`: as Python writes a timedelta. */
export function uptimeText(seconds: number): string {
  const whole = Math.floor(seconds)
  const days = Math.floor(whole / 86_400)
  const two = (value: number): string => String(value).padStart(2, '0')
  const clock = `${Math.floor((whole % 86_400) / 3600)}:${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`
  return days === 0 ? clock : `${days} ${days === 1 ? 'day' : 'days'}, ${clock}`
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `Nov 26 05:47 PM`, in local time. */
function stopDate({ since }: ProcessStatus): string {
  const date = new Date(since ?? Number.NaN)
  if (Number.isNaN(date.getTime())) return ''
  const two = (value: number): string => String(value).padStart(2, '0')
  const hour = date.getHours()
  const time = `${two(hour % 12 === 0 ? 12 : hour % 12)}:${two(date.getMinutes())} ${hour < 12 ? 'AM' : 'PM'}`
  return `${months[date.getMonth()]} ${two(date.getDate())} ${time}`
}
