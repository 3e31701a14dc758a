/** What foster says about its programs, in words. The facts come from the world; the words are added here. */
import type { Change } from '../core/diff.ts'
import type { Announcement, End, WorldEffect } from '../core/draft.ts'
import { describeEnding } from '../core/ending.ts'
import { uptimeOf } from '../core/moves.ts'
import { labelOf, type Plan, type Program } from '../core/plan.ts'
import type { FatalCause, State } from '../core/state.ts'

/** One message: how important it is, and its text. */
export interface Notice {
  readonly level: 'debug' | 'info' | 'warning' | 'error'
  readonly text: string
}

type Note = Extract<WorldEffect, { do: 'note' }>

/** What a change of a program's state is worth saying; undefined: nothing. `now` is the world's clock. */
export function noticeOf({ before, event, after }: Note, program: Program, now: number): Notice | undefined {
  const name = labelOf(program)
  switch (event.on) {
    case 'spawned':
      return { level: 'info', text: `${name}: started (pid ${event.pid})` }
    case 'refused':
      return { level: 'error', text: `cannot start ${name}: ${reasonOf(event.ending)}${sequel(after, program, now)}` }
    case 'doomed':
      return { level: 'error', text: `cannot start ${name}: ${blameOf(event.cause)}` }
    case 'restart':
      if (event.because === undefined || after.at !== 'stopping') return undefined
      return { level: 'info', text: `${name}: restarting it, since ${event.because} has been started again` }
    case 'adopted':
      return { level: 'info', text: `${name}: its main process is pid ${event.pid} now` }
    case 'tried':
      return probeNotice(before, after, name)
    case 'exit':
      return exitNotice(before, after, program, now)
    case 'deadline':
      return before.at === 'stopping' && after.at === 'stopping'
        ? { level: 'warning', text: `${name}: did not end in time, sending SIGKILL` }
        : probeNotice(before, after, name)
    default:
      return undefined
  }
}

/** What a probe found that was not known before. */
function probeNotice(before: State, after: State, name: string): Notice | undefined {
  if (after.at === 'stopping' && after.unhealthy !== undefined) {
    const { probe, detail } = after.unhealthy
    const what =
      probe === undefined ? `has ${detail}, stopping it` : `its ${probe} probe has failed, stopping it: ${detail}`
    return { level: 'warning', text: `${name}: ${what}` }
  }
  const verdict = 'probing' in after ? after.probing.readiness?.verdict : undefined
  const last = 'probing' in before ? before.probing.readiness?.verdict : undefined
  if (verdict === last || !('probing' in after)) return undefined
  if (verdict === 'passing') return { level: 'info', text: `${name}: ready` }
  if (verdict !== 'failing') return undefined
  return { level: 'warning', text: `${name}: not ready: ${after.probing.readiness?.detail}` }
}

function exitNotice(before: State, after: State, program: Program, now: number): Notice {
  const ending = after.last === undefined ? 'ended' : describeEnding(after.last)
  const uptime = 'since' in before ? ` after ${duration(uptimeOf(before, now))}` : ''
  const { last } = after
  // What was started was only on its way to being the program.
  const isStart = last?.how === 'unstartable'
  const what = isStart ? `cannot start ${labelOf(program)}: ${last.reason}` : `${labelOf(program)}: ${ending}${uptime}`
  const text = `${what}${sequel(after, program, now)}`
  const calm = after.at === 'exited' || after.at === 'stopped' || before.at === 'stopping'
  return { level: calm ? 'info' : after.at === 'fatal' ? 'error' : 'warning', text }
}

/** What comes next for a program that ended by itself. */
function sequel(after: State, program: Program, now: number): string {
  const attempts = Number.isFinite(program.startRetries) ? ` (retry ${after.failures} of ${program.startRetries})` : ''
  const tries = after.failures === 1 ? '1 attempt' : `${after.failures} attempts`
  if (after.at === 'fatal') return program.startRetries === 0 ? '' : `, given up after ${tries}`
  if (after.at === 'backoff')
    return `, starting again in ${duration(after.deadline - now)}${after.failures > 0 ? attempts : ''}`
  return ''
}

/** What foster says about the container as a whole. */
export function announcementOf(what: Announcement, plan: Plan, states: readonly State[]): Notice | undefined {
  const names = (indexes: readonly number[]): string => indexes.map(index => nameAt(plan, index)).join(', ')
  switch (what.about) {
    case 'ending':
      return plan.command === undefined ? endNotice(what.end, plan, states[indexOf(what.end)]) : undefined
    case 'said':
    case 'reloading':
      return undefined
    case 'kill-now':
      return { level: 'warning', text: 'interrupted again: killing everything now' }
    case 'reloaded':
      return { level: 'info', text: reloadNotice(what.changes) }
    case 'out-of-time':
      return { level: 'error', text: `killed, but not gone: ${names(what.indexes)}` }
    case 'stray-event':
      return { level: 'error', text: `internal: ${names([what.index])} got "${what.on}" while ${what.at}; ignored` }
  }
}

function reloadNotice(changes: readonly Change[]): string {
  if (changes.length === 0) return 'configuration reloaded: nothing has changed'
  const words = changes.map(change => {
    const options = 'options' in change ? ` (${change.options.join(', ')})` : ''
    return `${change.label} ${change.kind}${options}`
  })
  return `configuration reloaded: ${words.join(', ')}`
}

const indexOf = (end: End): number => (end.why === 'program' ? end.index : -1)

/** The one line that says why the container ends: which program, how, after how many restarts. */
function endNotice(end: End, plan: Plan, state: State | undefined): Notice | undefined {
  if (end.why === 'requested') {
    const what = end.by === 'api' ? 'asked over the control socket' : `SIG${end.by} received`
    return { level: 'info', text: `${what}, stopping` }
  }
  if (end.why === 'idle')
    return { level: 'info', text: `nothing left to run: the container ends with code ${end.code}` }
  if (end.why === 'bug') return { level: 'error', text: 'the container ends with code 1 because foster itself failed' }
  const name = nameAt(plan, end.index)
  const count = Math.max(0, (state?.runs ?? 0) - 1)
  const after = count === 0 ? '' : ` after ${count === 1 ? '1 restart' : `${count} restarts`}`
  const level = end.code === 0 ? 'info' : 'error'
  const what = `the critical program ${name} ${fateOf(state)}${after}`
  return { level, text: `${what}: the container ends with code ${end.code}` }
}

/** Of a program that waits for what can never come true it is the root that ends the container, not the last victim. */
function fateOf(state: State | undefined): string {
  if (state?.at === 'fatal' && state.cause.why === 'dependency') {
    const { root, ending } = state.cause
    return `can never start (${root} ${ending === undefined ? 'can never be ready' : describeEnding(ending)})`
  }
  return state?.last === undefined ? 'is over' : `is over (${describeEnding(state.last)})`
}

/** The last line of a requested stop that did not go well. */
export function flawNotice(end: End, code: number, plan: Plan): Notice | undefined {
  if (end.why !== 'requested' || end.flaw === undefined) return undefined
  const name = nameAt(plan, end.flaw.index)
  const how =
    end.flaw.row === 'requested-killed'
      ? 'had to be killed'
      : end.flaw.row === 'requested-task'
        ? 'was interrupted'
        : 'did not end well'
  return { level: 'warning', text: `${name} ${how}: the container ends with code ${code}` }
}

function nameAt({ programs }: Plan, index: number): string {
  const program = programs[index]
  return program === undefined ? `program ${index}` : labelOf(program)
}

function blameOf(cause: FatalCause): string {
  if (cause.why === 'failed') return describeEnding(cause.ending)
  const ending = cause.ending === undefined ? 'can never be ready' : describeEnding(cause.ending)
  const root = cause.root === cause.on ? `, which ${ending}` : `, which depends on ${cause.root}, which ${ending}`
  return `it depends on ${cause.on}${root}`
}

function reasonOf(ending: { how: string; reason?: string }): string {
  return ending.reason ?? ending.how
}

/** Milliseconds as people read them: `850ms`, `1.2s`, `2m03s`, `5h07m`. */
export function duration(millis: number): string {
  const ms = Math.max(0, Math.round(millis))
  if (ms < 1000) return `${ms}ms`
  if (ms < 60_000) return `${Math.round(ms / 100) / 10}s`
  const seconds = Math.round(ms / 1000)
  const [big, small, units] =
    seconds < 3600 ? [seconds / 60, seconds % 60, 'ms'] : [seconds / 3600, (seconds / 60) % 60, 'hm']
  return `${Math.floor(big)}${units[0]}${String(Math.floor(small)).padStart(2, '0')}${units === 'ms' ? 's' : 'm'}`
}
