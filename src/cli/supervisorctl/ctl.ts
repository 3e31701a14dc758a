/** What the commands of supervisorctl share: the server, the output, and the exit code that they come to. */
import type { Struct, Value } from '../../api/supervisor/codec.ts'
import { faultCodes } from '../../api/supervisor/faults.ts'
import { type Access, type AddressesOf, call, follow } from './server.ts'
import { RpcFault, Trouble } from './troubles.ts'

/** LSB's exit codes, as supervisorctl uses them. */
export const statuses = {
  success: 0,
  generic: 1,
  invalidArguments: 2,
  unimplemented: 3,
  noPrivilege: 4,
  notInstalled: 5,
  notRunning: 7,
  /** Of `status`: something does not run. */
  programsNotRunning: 3,
  /** Of `status`: nobody knows. */
  unknown: 4,
} as const

/** The system that supervisorctl runs on. */
export interface CtlSurroundings {
  readonly addressesOf: AddressesOf
  /** Writes all of it; false if nobody reads it any more. */
  readonly write: (output: 1 | 2, what: string | Uint8Array) => boolean
  /** A line that the user types, behind a prompt; undefined: there are no more. A secret one is not shown. */
  readonly ask: (prompt: string, isSecret?: boolean) => Promise<string | undefined>
  /** Calls back at Ctrl-C, in place of ending at once; the function it returns ends that. */
  readonly onInterrupt: (call: () => void) => () => void
}

/** A session: where it stands. */
export class Ctl {
  readonly around: CtlSurroundings
  readonly isInteractive: boolean
  access: Access
  exitStatus: number = statuses.success

  constructor(around: CtlSurroundings, access: Access, isInteractive: boolean) {
    this.around = around
    this.access = access
    this.isInteractive = isInteractive
  }

  /** A line for the user. */
  output(line: string): void {
    this.around.write(1, `${line}\n`)
  }

  /** Calls a method of Supervisor's. */
  call(method: string, ...params: readonly Value[]): Promise<Value> {
    return call(this.access, this.around.addressesOf, `supervisor.${method}`, params)
  }

  /** Calls one that answers with a list of structs. */
  async structs(method: string, ...params: readonly Value[]): Promise<readonly Struct[]> {
    return listOf(await this.call(method, ...params)) as readonly Struct[]
  }

  /** Follows a log. */
  follow(path: string, signal: AbortSignal): ReturnType<typeof follow> {
    return follow(this.access, this.around.addressesOf, path, signal)
  }

  /** Says what is wrong with the arguments. */
  wrong(line: string, status: number = statuses.generic): void {
    this.output(line)
    this.exitStatus = status
  }

  /** Takes over how one of several came out; `ignored` is the fault that is none here. */
  took(fault: number, ignored?: number): void {
    if (fault === ignored || fault === faultCodes.SUCCESS) return
    this.exitStatus = dead.has(fault) ? statuses.notRunning : statuses.generic
  }

  /** Whether there is a server, and one that is understood; says what is wrong otherwise. */
  async isUp(): Promise<boolean> {
    try {
      const version = await this.call('getVersion')
      if (version === '3.0') return true
      const message = `Sorry, this version of supervisorctl expects to talk to a server with API version 3.0, but the remote version is ${version}.`
      this.wrong(message, statuses.notInstalled)
      return false
    } catch (error) {
      return this.#isDown(error)
    }
  }

  #isDown(error: unknown): false {
    if (error instanceof RpcFault && error.faultCode === faultCodes.UNKNOWN_METHOD) {
      this.wrong(noInterface, statuses.unimplemented)
      return false
    }
    if (error instanceof Trouble && error.code === 'ECONNREFUSED') {
      this.wrong(`${this.access.serverurl} refused connection`, statuses.noPrivilege)
      return false
    }
    if (error instanceof Trouble && error.code === 'ENOENT') {
      this.wrong(`${this.access.serverurl} no such file`, statuses.notRunning)
      return false
    }
    throw error
  }
}

const noInterface =
  'Sorry, supervisord responded but did not recognize the supervisor namespace commands that supervisorctl uses to control it.  Please check that the [rpcinterface:supervisor] section is enabled in the configuration file (see sample.conf).'

const dead: ReadonlySet<number> = new Set([
  faultCodes.SPAWN_ERROR,
  faultCodes.ABNORMAL_TERMINATION,
  faultCodes.NOT_RUNNING,
])

/** The code of a fault that the server has answered with; what else was thrown goes on. */
export function faultOf(error: unknown): RpcFault {
  if (error instanceof RpcFault) return error
  throw error
}

/** The values of a list; none if it is no list. */
export function listOf(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? (value as readonly Value[]) : []
}

/** A member of a struct as text. */
export function textOf(struct: Struct, name: string): string {
  const value = struct[name]
  return value === undefined ? '' : String(value)
}

/** A member of a struct as a number. */
export function numberOf(struct: Struct, name: string): number {
  return Number(struct[name] ?? 0)
}

/** A process by its group and its name: `cat`, `group:cat`. */
export function specOf(group: string, name: string): string {
  return group === name ? name : `${group}:${name}`
}

/** A name as it was typed; without a process it means all of the group. */
export function splitSpec(spec: string): { readonly group: string; readonly process: string | undefined } {
  const at = spec.indexOf(':')
  if (at === -1) return { group: spec, process: spec }
  const process = spec.slice(at + 1)
  return { group: spec.slice(0, at), process: process === '' || process === '*' ? undefined : process }
}
