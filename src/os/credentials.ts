/**
 * Other users' credentials, for one thread and one moment. A raw system call changes the calling thread alone, and
 * fork copies the calling thread: so a program gets its user, its group and exactly its supplementary groups, while
 * foster stays what it is. The saved uid stays 0 meanwhile, which is what lets us come back.
 */
import type { Credentials } from '../core/plan.ts'
import { errnoName } from './errno.ts'
import { addressOf, setDumpable, systemCall } from './libc.ts'

interface Numbers {
  readonly getgroups: number
  readonly setgroups: number
  readonly setresuid: number
  readonly setresgid: number
}

/** System call numbers, from asm/unistd.h of each architecture. */
const numbers: Readonly<Record<string, Numbers>> = {
  x64: { getgroups: 115, setgroups: 116, setresuid: 117, setresgid: 119 },
  arm64: { getgroups: 158, setgroups: 159, setresuid: 147, setresgid: 149 },
}

/** What went wrong in changing credentials; `restoring` means that foster itself is no longer who it was. */
export class CredentialsError extends Error {
  readonly errno: number
  readonly restoring: boolean
  constructor(call: string, errno: number, restoring: boolean) {
    super(`${call}: ${errnoName(errno)}`)
    this.errno = errno
    this.restoring = restoring
  }
}

/**
 * Runs synchronous work with a program's credentials and comes back, whatever the work does. Throws CredentialsError
 * if the change is refused; then nothing has run. Undefined, or foster's own uid without being root: just the work.
 */
export function withCredentials<T>(credentials: Credentials | undefined, work: () => T): T {
  if (credentials === undefined || process.getuid?.() !== 0) return work()
  const own = { gid: process.getgid?.() ?? 0, groups: ownGroups() }
  try {
    become(credentials, 0, 0)
    return work()
  } finally {
    comeBack(own)
  }
}

/** Gives an error back, except one that says that foster itself is no longer who it was: nobody may get over that. */
export function unlessSpoilt(error: unknown): unknown {
  if (error instanceof CredentialsError && error.restoring) throw error
  return error
}

/**
 * The calling thread becomes a program's user for good, just before it executes the program. Throws CredentialsError.
 * Undefined, or foster without being root: nothing changes.
 */
export function becomeForGood(credentials: Identity | undefined): void {
  if (credentials === undefined || process.getuid?.() !== 0) return
  become(credentials, credentials.gid, credentials.uid)
}

/** Who a process is; a program's credentials without their names. */
export type Identity = Pick<Credentials, 'uid' | 'gid' | 'groups'>

function become({ uid, gid, groups }: Identity, savedGid: number, savedUid: number): void {
  const call = calls()
  must('setgroups', systemCall(call.setgroups, groups.length, list(groups)), false)
  must('setresgid', systemCall(call.setresgid, gid, gid, savedGid), false)
  must('setresuid', systemCall(call.setresuid, uid, uid, savedUid), false)
}

/** The uid first: the groups need its privilege. Then the dumpable flag, or root programs cannot open /proc/1/fd/1. */
function comeBack(own: { gid: number; groups: readonly number[] }): void {
  const call = calls()
  must('setresuid', systemCall(call.setresuid, 0, 0, 0), true)
  must('setresgid', systemCall(call.setresgid, own.gid, own.gid, own.gid), true)
  // Without CAP_SETGID the groups could not be changed in the first place.
  const groups = systemCall(call.setgroups, own.groups.length, list(own.groups))
  if (groups < 0 && groups !== -EPERM) must('setgroups', groups, true)
  setDumpable()
}

/** Foster's own supplementary groups, getgroups(2). Node's process.getgroups() adds the group to them. */
export function ownGroups(): readonly number[] {
  const { getgroups } = calls()
  const count = systemCall(getgroups, 0, 0n)
  const bytes = Buffer.alloc(4 * Math.max(1, count))
  must('getgroups', systemCall(getgroups, count, addressOf(bytes)), false)
  return Array.from({ length: count }, (_, i) => bytes.readUInt32LE(4 * i))
}

const EPERM = 1

function must(call: string, result: number, restoring: boolean): void {
  if (result < 0) throw new CredentialsError(call, -result, restoring)
}

function calls(): Numbers {
  const found = numbers[process.arch]
  if (found === undefined) throw new Error(`no system call numbers for ${process.arch}`)
  return found
}

/** A gid_t array's address as the kernel wants it. */
function list(groups: readonly number[]): bigint {
  const bytes = Buffer.alloc(4 * Math.max(1, groups.length))
  groups.forEach((gid, i) => {
    bytes.writeUInt32LE(gid, 4 * i)
  })
  return addressOf(bytes)
}
