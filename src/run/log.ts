/** Connects the log with the system: foster's own descriptors, pipes, files and clocks. */
import type { Plan } from '../core/plan.ts'
import { type LogOptions, type Logs, openLogs } from '../log/router.ts'
import { errnoName } from '../os/errno.ts'
import { read, readable } from '../os/libc.ts'
import { logPlace } from '../os/log-files.ts'
import { openOutlet } from '../os/outlets.ts'
import { watchPipe } from '../os/pipes.ts'
import { openSyslog } from '../os/syslog.ts'

/** Opens the log of a plan. */
export function openLog(plan: Plan, given: Pick<LogOptions, 'lost' | 'watch'>): Logs {
  return openLogs({
    ...given,
    errnoName,
    syslog: openSyslog(),
    after,
    outlets: { stdout: openOutlet(1), stderr: openOutlet(2) },
    plan: plan.log,
    programs: plan.programs,
    countsLines: plan.http !== undefined,
    place: ({ path, owner }, user) => logPlace({ path, user, owned: owner === 'program' }),
    environment: process.env,
    io: { watch: watchPipe, read, readable },
    now: () => new Date(),
  })
}

/** Calls back once after so many milliseconds; the function that it gives calls that off. */
export function after(millis: number, done: () => void): () => void {
  const timer = setTimeout(done, millis)
  return () => clearTimeout(timer)
}
