/** The probe `exec`: a command exits with 0. It runs as the program does, as its user, with its limits and its environment. */
import { stripVTControlCharacters } from 'node:util'
import { describeEnding } from '../../core/ending.ts'
import { labelOf, type Program } from '../../core/plan.ts'
import type { Check } from '../../core/probe.ts'
import type { Children } from '../../os/children.ts'
import { type CommandResult, longestStart } from '../../os/commands.ts'
import { environmentOf } from '../environment.ts'
import { secretsOf } from '../secrets.ts'
import { type Limits, type Outcome, timedOut } from './try.ts'

/** How many characters of its output are told. */
const mostTold = 1024

/**
 * Milliseconds that a killed command has to vanish. One that hangs in the kernel, as on a dead file server, does not;
 * a program that depends on the same server should not seem well because of that.
 */
const patience = 1000

/** What a command is run with. */
export interface ExecContext {
  readonly program: Program
  readonly children: Pick<Children, 'run'>
  /** What programs inherit. */
  readonly environment: Readonly<Record<string, string>>
  /** Commands that cannot be killed, each with whose it is: they are not run once more beside themselves. */
  readonly stuck: Set<string>
}

/** Runs the command; the time counts from its beginning. At its end or the timeout all of its session is killed. */
export async function tryExec(
  { command }: Extract<Check, { by: 'exec' }>,
  { program, children, environment, stuck }: ExecContext,
  { timeout, signal, after }: Limits,
): Promise<Outcome> {
  const key = [labelOf(program), ...command].join('\0')
  if (stuck.has(key)) return { ok: false, detail: 'its last command cannot be killed' }
  const secrets = secretsOf(program)
  if (secrets.reason !== undefined) return { ok: secrets.isShortage ? undefined : false, detail: secrets.reason }
  const { workingDir, user } = program
  const env = environmentOf(program, environment, secrets.values)
  const run = { argv: command, environment: env, workingDir, user, settings: program, timeout, isAlone: true }
  return new Promise(resolve => {
    const isStuck = (): void => {
      stuck.add(key)
      resolve({ ok: false, detail: `${timedOut(timeout).detail}, and cannot be killed` })
    }
    let takeBack = after(longestStart + patience, isStuck)
    const begun = (): void => {
      takeBack()
      takeBack = after(timeout + patience, isStuck)
    }
    void children.run(run, signal, begun).then(result => {
      takeBack()
      stuck.delete(key)
      resolve(outcomeOf(result, timeout))
    })
  })
}

/**
 * What the end of the command means: 0 is a success, anything else is told with the end of its output. A command that
 * could not be started for want of something is no answer, as in Kubernetes; one that is not there is a failure.
 */
export function outcomeOf({ ending, output }: CommandResult, timeout: number): Outcome {
  if (ending.how === 'exited' && ending.code === 0) return { ok: true, detail: 'exited with code 0' }
  if (ending.how === 'unstartable' && ending.isShortage) return { ok: undefined, detail: ending.reason }
  const what = ending.how === 'timed-out' ? timedOut(timeout).detail : describeEnding(ending)
  const said = lastOf(output)
  return { ok: false, detail: said === '' ? what : `${what}: ${said}` }
}

/** The end of an output, on one line and without control characters. */
function lastOf(output: string): string {
  const line = stripVTControlCharacters(output)
    .replace(/[\s\p{C}]+/gu, ' ')
    .trim()
  return line.length > mostTold ? `...${line.slice(-mostTold).toWellFormed()}` : line
}
