/** What Supervisor's clients can have done, from the parts of the runtime. */
import { accessSync, constants, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { CommandFault, SupervisorFacts } from '../api/supervisor/facts.ts'
import type { Plan, Program } from '../core/plan.ts'
import type { Input } from '../core/world.ts'
import type { Logs } from '../log/router.ts'
import { candidates } from '../os/executable.ts'
import { openLogReader } from '../os/log-reader.ts'
import type { Listening } from './listening.ts'
import type { Reloaded } from './reload.ts'
import type { Streams } from './streams.ts'

/** The parts. */
export interface ClientOptions {
  readonly load: (() => Reloaded) | undefined
  readonly taken: (loaded: Reloaded) => void
  readonly dispatch: (input: Input) => void
  readonly logs: Logs
  readonly streams: Streams
  readonly listening: Listening
  /** What programs inherit. */
  readonly environment: Readonly<Record<string, string>>
}

/** What is particular to Supervisor's clients. */
export type ClientFacts = Omit<SupervisorFacts, 'foster' | 'failed'>

/** Puts it together. */
export function clientFacts(options: ClientOptions): ClientFacts {
  const { load, taken, dispatch, logs, streams, listening, environment } = options
  let last: Reloaded | undefined
  return {
    own: logs.own,
    load: () => {
      const loaded = load?.()
      const fault = loaded?.diagnostics.find(({ severity }) => severity === 'error')
      if (loaded?.plan === undefined) return { fault: fault?.message ?? 'there is no configuration to be read' }
      last = loaded
      return { plan: loaded.plan }
    },
    apply: (plan: Plan) => {
      dispatch({ on: 'reload', plan, stale: new Set() })
      if (last !== undefined) taken(last)
    },
    commandFault: program => faultOf(program, environment),
    openLog: openLogReader,
    clearFile: (index, stream) => logs.program(index).clear(stream),
    write: (index, text) => streams.write(index, text),
    notify: news => listening.tell(it => it.tell(news)),
  }
}

/** Looks as Supervisor does before it tries. What foster's own user may not see, only the start can tell. */
function faultOf(program: Program, environment: Readonly<Record<string, string>>): CommandFault | undefined {
  const { command, workingDir, environment: own } = program
  const [word = ''] = command
  const [file] = candidates(word, own.PATH ?? environment.PATH, workingDir)
  const missing = { fault: 'NO_FILE', message: `can't find command '${word}'` } as const
  if (file === undefined) return missing
  const path = resolve(workingDir ?? '.', file)
  try {
    if (statSync(path).isDirectory()) return { fault: 'NOT_EXECUTABLE', message: `command at '${file}' is a directory` }
    accessSync(path, constants.X_OK)
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return missing
    return { fault: 'NOT_EXECUTABLE', message: `command at '${file}' is not executable` }
  }
}
