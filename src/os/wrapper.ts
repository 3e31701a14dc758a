/**
 * Starting a program through a process that is foster once more: it gives itself what foster must not have, not even
 * for a moment (hard limits, those that foster would run into), and executes the program.
 *
 * What it is to do comes in a file in memory, since arguments are for all to see; how it fails goes back through a pipe
 * that closes with exec. It begins with foster's own identity, so that it may do what the program's user may not.
 */
import { accessSync, closeSync, constants, fstatSync, readSync, writeSync } from 'node:fs'
import type { Ending } from '../core/ending.ts'
import type { ProcessSettings } from '../core/settings.ts'
import { signalNumbers } from '../core/signal.ts'
import { becomeForGood, CredentialsError, type Identity, withCredentials } from './credentials.ts'
import { markInherited, softDescriptorLimit } from './descriptors.ts'
import { errnoName, errnoOf, isShortage } from './errno.ts'
import { candidates, explain, notFound, type Refusal } from './executable.ts'
import { type Launch, ownSettings } from './launch.ts'
import { blockSignal, exitNow, memoryFile, pipe, readable, setCloseOnExec } from './libc.ts'
import { limitDescriptors } from './limits.ts'
import { watchPipe } from './pipes.ts'
import { ownCommand, wrapperWord } from './self.ts'
import { applySettings, liftLimit, SettingsError, settingLimitOf } from './settings.ts'
import { resetIgnored } from './signals.ts'
import { executing } from './spawn.ts'
import { presentEnvironment } from './verbatim.ts'

/** What the process is to become. */
interface Errand {
  readonly argv: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly workingDir: string | undefined
  readonly user: Identity | undefined
  readonly settings: ProcessSettings
  /** The descriptors that are the program's. */
  readonly kept: readonly number[]
}

/** A start by way of the wrapper. */
export interface Detour {
  readonly launch: Launch
  /** The process has been started, or not: closes what it has its own copy of, or everything. */
  started(itIs: boolean): void
  /** Calls once when the process is about to execute the program, or has failed to come that far. */
  begins(begun: () => void): void
  /** How the program ended, once the process has: perhaps it never began. */
  verdict(ending: Ending): Ending
}

/** The launch of the process that becomes the program. */
export function detour(launch: Launch): Detour | Refusal {
  const errand = memoryFile()
  if (errand < 0) return impossible('memfd_create', errand)
  const status = pipe()
  if (typeof status === 'number') {
    closeSync(errand)
    return impossible('pipe', status)
  }
  const fault = written(errand, JSON.stringify(errandOf(launch), finite))
  if (fault !== 0) {
    for (const fd of [errand, status.read, status.write]) closeSync(fd)
    return impossible('write', -fault)
  }
  const first = Math.max(2, ...launch.descriptors.map(({ target }) => target)) + 1
  const descriptors = [...launch.descriptors, { target: first, fd: errand }, { target: first + 1, fd: status.write }]
  const argv = ownCommand(wrapperWord, [String(first), String(first + 1)])
  const own = { environment: presentEnvironment(), workingDir: undefined, user: undefined, settings: ownSettings }
  return {
    launch: { ...launch, ...own, argv, descriptors },
    started(itIs) {
      closeSync(errand)
      closeSync(status.write)
      if (!itIs) closeSync(status.read)
    },
    ...hearing(status.read, (told, ending) =>
      verdictOf(told, ending, (errno, index) => explained(launch, errno, index)),
    ),
  }
}

/** What the process tells through its pipe: looked at when it has ended, or, where somebody waits for it, when it comes. */
function hearing(fd: number, judge: (told: Buffer, ending: Ending) => Ending): Pick<Detour, 'begins' | 'verdict'> {
  let told = Buffer.alloc(0)
  let close = (): void => closeSync(fd)
  let isOpen = true
  return {
    begins(begun) {
      const buffer = Buffer.alloc(4096)
      const onBytes = (count: number): void => {
        const isFirst = told.length === 0
        told = Buffer.concat([told, buffer.subarray(0, count)])
        if (isFirst) begun()
      }
      close = watchPipe(fd, buffer, onBytes, () => {
        isOpen = false
      }).close
    },
    verdict(ending) {
      const rest = isOpen ? read(fd, Math.max(0, readable(fd)), null) : Buffer.alloc(0)
      if (isOpen) close()
      return judge(Buffer.concat([told, rest]), ending)
    },
  }
}

function errandOf({ argv, environment, workingDir, user, settings, descriptors }: Launch): Errand {
  const { umask, nice, oomScoreAdj, limits } = settings
  return {
    ...{ argv, environment, workingDir },
    user: user && { uid: user.uid, gid: user.gid, groups: user.groups },
    settings: { umask, nice, oomScoreAdj, limits },
    kept: [0, 1, 2, ...descriptors.map(({ target }) => target)],
  }
}

/** What the pipe says: the program is about to be executed; that failed, with an errno and the index of the file. */
const begins = '>'
const failed = '!'

/** Signals by which a process says that it is broken itself. */
const crashes: ReadonlySet<number> = new Set([4, 5, 6, 7, 8, 11])

/** What became of the program: the pipe says what went wrong, and whether exec was come to. */
export function verdictOf(told: Buffer, ending: Ending, explain: (errno: number, index: number) => Refusal): Ending {
  const hasBegun = told.toString('latin1', 0, 1) === begins
  const fault = told.subarray(hasBegun ? 1 : 0)
  if (fault.toString('latin1', 0, 1) === failed) return explain(fault[1] ?? 0, fault[2] ?? 0)
  if (fault.length > 0) return JSON.parse(fault.toString()) as Refusal
  if (hasBegun) return ending
  // Somebody else may have killed it meanwhile, as they might have killed the program.
  if (ending.how === 'killed' && !crashes.has(ending.signal)) return ending
  const how = ending.how === 'killed' ? `signal ${ending.signal}` : 'code' in ending ? `code ${ending.code}` : ''
  return {
    how: 'unstartable',
    code: 1,
    reason: `foster could not run itself to set its limits (${how})`,
    isShortage: true,
  }
}

/** Finds the words for a failed exec outside of the process, which may have no room left for them. */
function explained({ argv, environment, workingDir, user }: Launch, errno: number, index: number): Refusal {
  const [command = ''] = argv
  try {
    return withCredentials(user, () => {
      const files = candidates(command, environment.PATH, workingDir)
      return explain(errno, files[index] ?? command, workingDir)
    })
  } catch {
    return explain(errno, command, workingDir)
  }
}

/** Becomes the program. Comes back never: what goes wrong is told, and the process ends. */
export function becomeProgram(errand: number, status: number): void {
  stayInterpreted()
  let refusal: Refusal
  try {
    const ready = prepare(JSON.parse(read(errand, fstatSync(errand).size, 0).toString(), infinite) as Errand)
    if ('go' in ready) become(ready, status)
    refusal = ready as Refusal
  } catch (error) {
    refusal = faultOf(error)
  }
  write(status, JSON.stringify(refusal))
  exitNow(refusal.code)
}

/** Another thread that compiles would take memory at a moment when there may be none, which ends the process. */
function stayInterpreted(): void {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8')
  for (const flag of ['--no-opt', '--no-maglev', '--no-concurrent-recompilation']) setFlagsFromString(flag)
}

/** Ready for exec. */
interface Ready {
  readonly limits: readonly (() => void)[]
  readonly go: ReturnType<typeof executing>
}

/** First what takes foster's privileges, then all else as the program's user. */
function prepare({ argv, environment, workingDir, user, settings, kept }: Errand): Ready | Refusal {
  const [command = ''] = argv
  markInherited({})
  for (const fd of kept) setCloseOnExec(fd, false)
  for (const limit of settings.limits) liftLimit(limit)
  applySettings(settings)
  becomeForGood(user)
  try {
    if (workingDir !== undefined) process.chdir(workingDir)
  } catch (error) {
    return explain(numberOf(error), command, workingDir)
  }
  const files = candidates(command, environment.PATH, undefined)
  if (files.length === 0) return notFound(command)
  const faults = files.map(inaccessible)
  if (faults.every(errno => errno !== 0)) return explain(faults.at(-1) ?? 0, files.at(-1) ?? command, undefined)
  limitDescriptors(softDescriptorLimit)
  resetIgnored()
  blockSignal(signalNumbers.USR1, false)
  const env = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  return { limits: settings.limits.map(settingLimitOf), go: executing(files, argv, env) }
}

/** Takes nothing but system calls: with its limits, this process may have no memory left, nor be allowed a file. */
function become({ limits, go }: Ready, status: number): never {
  const fault = Buffer.from(`${failed}\0\0`)
  makeRoom()
  write(status, begins)
  for (const set of limits) set()
  const { result, index } = go()
  fault.writeUInt8(-result, 1)
  fault.writeUInt8(index, 2)
  writeSync(status, fault)
  return exitNow(1)
}

/** Sees to it that no garbage is collected from now on until exec: a collection takes memory that may be forbidden. */
function makeRoom(): void {
  const { getHeapSpaceStatistics } = process.getBuiltinModule('node:v8')
  for (let tries = 0; tries < 1000; tries++) {
    const young = getHeapSpaceStatistics().find(it => it.space_name === 'new_space')
    if (young === undefined || young.space_size - young.space_used_size > enoughRoom) return
    // Once it is full it is emptied.
    new Array(1000).fill(tries)
  }
}

/** Bytes. Some hundred are needed. */
const enoughRoom = 32 * 1024

/** The errno that keeps this user from executing a file, or 0. Found out while there are no limits yet. */
function inaccessible(file: string): number {
  try {
    accessSync(file, constants.X_OK)
    return 0
  } catch (error) {
    return numberOf(error)
  }
}

const numberOf = (error: unknown): number => Math.abs((error as NodeJS.ErrnoException).errno ?? 0)

function faultOf(error: unknown): Refusal {
  const refusal = (reason: string): Refusal => ({ how: 'unstartable', code: 1, reason })
  if (error instanceof SettingsError) return refusal(error.message)
  if (error instanceof CredentialsError) return refusal(`cannot become its user: ${error.message}`)
  return refusal(`foster failed over its start: ${error instanceof Error ? error.message : String(error)}`)
}

function impossible(call: string, result: number): Refusal {
  const reason = `cannot prepare its limits: ${call}: ${errnoName(-result)}`
  const fault = { how: 'unstartable', code: 1, reason } as const
  return isShortage(errnoName(-result)) ? { ...fault, isShortage: true } : fault
}

/** Writes a text; 0, or the errno: foster itself may have a limit of file size, which files in memory have, too. */
function written(fd: number, text: string): number {
  try {
    write(fd, text)
    return 0
  } catch (error) {
    return errnoOf(error)
  }
}

function write(fd: number, text: string): void {
  let rest = Buffer.from(text)
  while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest))
}

function read(fd: number, size: number, from: number | null): Buffer {
  const bytes = Buffer.alloc(size)
  let length = 0
  while (length < size) {
    const count = readSync(fd, bytes, length, size - length, from === null ? null : from + length)
    if (count === 0) break
    length += count
  }
  return bytes.subarray(0, length)
}

const unlimited = 'unlimited'

/** JSON has no infinity. */
function finite(key: string, value: unknown): unknown {
  return isBound(key) && value === Number.POSITIVE_INFINITY ? unlimited : value
}

function infinite(key: string, value: unknown): unknown {
  return isBound(key) && value === unlimited ? Number.POSITIVE_INFINITY : value
}

const isBound = (key: string): boolean => key === 'soft' || key === 'hard'
