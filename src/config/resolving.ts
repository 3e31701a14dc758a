/** What one program is resolved with, and how its faults are reported. */
import type { Accounts } from '../core/accounts.ts'
import type { Privileges } from '../core/privileges.ts'
import type { Diagnostic } from '../errors.ts'
import type { Shape, WrittenProgram } from './shape.ts'
import { fault, type Origin } from './tree.ts'

/** What a program is resolved against. */
export interface Surroundings extends Accounts {
  /** foster's own user and group. */
  readonly uid: number
  readonly gid: number
  readonly environment: Readonly<Record<string, string>>
  /** What the kernel lets foster do; asked only for an option that needs it. */
  readonly privileges: Privileges
  /** What stands at a path; undefined if that cannot be told. */
  whatIs(path: string): 'directory' | 'other' | 'nothing' | undefined
  /** The name of the host. */
  hostName(): string
  /** foster's own directory. */
  directory(): string
}

export interface Resolving {
  readonly program: WrittenProgram
  readonly shape: Shape
  readonly facts: Surroundings
  readonly diagnostics: Diagnostic[]
}

/** Reports an error at a place. */
export function report(resolving: Resolving, at: Origin, code: string, message: string, hint?: string): void {
  resolving.diagnostics.push(fault(at, code, message, hint))
}
