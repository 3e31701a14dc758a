/** Finding what a command names, and saying why it could not be executed. The rules of execvp(3) and of shells. */
import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Ending } from '../core/ending.ts'
import { errnoName, isShortage } from './errno.ts'

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * The files that a command may mean, best first: itself if it contains a slash, else each match in the program's own
 * PATH. Relative to the program's working directory, as exec would after its chdir.
 */
export function candidates(command: string, path: string | undefined, workingDir: string | undefined): string[] {
  if (command.includes('/')) return [command]
  const base = workingDir ?? '.'
  return (path ?? defaultPath)
    .split(':')
    .map(dir => (dir === '' ? `./${command}` : `${dir}/${command}`))
    .filter(file => statOrUndefined(resolve(base, file))?.isFile() === true)
}

/** Why a program could not be started, as an ending: 127 not found, 126 not executable, as shells say it. */
export type Refusal = Extract<Ending, { how: 'unstartable' }>

const refusal = (code: Refusal['code'], reason: string): Refusal => ({ how: 'unstartable', code, reason })

/**
 * Names the cause behind an errno of posix_spawn, which is one for several: the directory, the file, its mode, its
 * interpreter. Looks with the credentials it is called with.
 */
export function explain(errno: number, file: string, workingDir: string | undefined): Refusal {
  const name = errnoName(errno)
  const dir = workingDir === undefined ? undefined : directoryFault(workingDir)
  if (dir !== undefined) return refusal(1, dir)
  const path = resolve(workingDir ?? '.', file)
  if (name === 'ENOENT' || name === 'ENOTDIR') return missing(path, file)
  if (name === 'EACCES' || name === 'EPERM') return refusal(126, `${file}: ${forbidden(path)}`)
  if (name === 'ENOEXEC') return refusal(126, `${file}: exec format error: not made for this machine`)
  if (name === 'ETXTBSY') return refusal(126, `${file}: is being written (ETXTBSY)`)
  if (name === 'E2BIG') return refusal(126, `${file}: arguments and environment are too long (E2BIG)`)
  if (name === 'ELOOP' || name === 'ENAMETOOLONG') return refusal(127, `${file}: ${name}`)
  const fault = refusal(1, `${file}: ${systemFault(name)}`)
  return name === 'EAGAIN' || isShortage(name) ? { ...fault, isShortage: true } : fault
}

/** A command that no directory of the PATH has. */
export function notFound(command: string): Refusal {
  return refusal(127, `${command}: not found`)
}

function directoryFault(dir: string): string | undefined {
  const found = statOrUndefined(dir)
  if (found === undefined) return `working_dir ${dir}: not found, or not to be entered`
  if (!found.isDirectory()) return `working_dir ${dir}: not a directory`
  return isAllowed(dir, constants.X_OK) ? undefined : `working_dir ${dir}: permission denied`
}

function missing(path: string, file: string): Refusal {
  if (statOrUndefined(path) === undefined) return notFound(file)
  const interpreter = interpreterOf(path)
  // The kernel takes the carriage return for a part of the name, and a terminal shows none of it.
  if (interpreter?.endsWith('\r')) {
    return refusal(
      127,
      `${file}: its lines end in CR LF, and so does the name of its interpreter: save it with LF alone`,
    )
  }
  const what = interpreter === undefined ? 'its program loader' : `its interpreter ${interpreter}`
  return refusal(127, `${file}: ${what} is not in this image`)
}

function forbidden(path: string): string {
  const found = statOrUndefined(path)
  if (found?.isDirectory() === true) return 'is a directory'
  if (found !== undefined && !isAllowed(path, constants.X_OK)) return 'not executable'
  const interpreter = found === undefined ? undefined : interpreterOf(path)
  if (interpreter !== undefined && !isAllowed(interpreter, constants.X_OK)) {
    return `its interpreter ${interpreter} is not executable`
  }
  return found === undefined ? 'permission denied' : 'not executable (the file system may be mounted noexec)'
}

function systemFault(name: string): string {
  if (name === 'EAGAIN') return 'no more processes (a pids limit, or ulimit -u)'
  if (name === 'ENOMEM') return 'out of memory'
  if (name === 'EMFILE' || name === 'ENFILE') return 'no more descriptors'
  return name
}

function isAllowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}

function statOrUndefined(path: string) {
  try {
    // Most directories of a PATH do not have a command, and an exception costs as much as twenty such answers.
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

/** The program behind `#!`, or undefined if there is none or the file cannot be read. */
function interpreterOf(path: string): string | undefined {
  return /^#![ \t]*([^ \t\n]+)/.exec(headOf(path))?.[1]
}

/** Whether a file is machine code, of whatever machine, and so nothing for a shell. No if it cannot be read. */
export function isBinary(path: string): boolean {
  return headOf(path).startsWith('\x7fELF')
}

/** The beginning of a file; nothing of one that cannot be read. */
function headOf(path: string): string {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const head = Buffer.alloc(256)
      return head.toString('latin1', 0, readSync(fd, head))
    } finally {
      closeSync(fd)
    }
  } catch {
    return ''
  }
}
