/**
 * posix_spawn(3), with what a program of an init needs: default signal dispositions, an empty mask, a session or a
 * process group of its own, descriptors 0 to 2 and only those above that are meant for it, a working directory.
 */
import { closeSync } from 'node:fs'
import { arrange, type Placement } from './arrange.ts'
import { isBinary } from './executable.ts'
import { addressOf, bindTerminalAction, checked, duplicateFrom, libc, pin } from './libc.ts'
import { encode } from './verbatim.ts'

/** What is to be executed and how. Descriptors are foster's; they become 0, 1 and 2. */
export interface Execution {
  readonly path: string
  readonly argv: readonly string[]
  /** `NAME=value` each. */
  readonly env: readonly string[]
  readonly workingDir: string | undefined
  readonly stdio: readonly [number, number, number]
  /** The terminal whose foreground job the process becomes; undefined: it gets a session of its own. */
  readonly terminal: number | undefined
  /** What it gets besides, each at a number of its own from 3 up. */
  readonly descriptors: readonly Placement[]
}

const SETPGROUP = 0x02
const SETSIGDEF = 0x04
const SETSIGMASK = 0x08
const SETSID = 0x80

const ENOENT = -2
const ENOEXEC = -8
const EACCES = -13
const ENOTDIR = -20

const attributesSize = 512 // glibc and musl: 336
const actionsSize = 128 // glibc and musl: 80
const noSignals = new Uint8Array(128)
const allSignals = new Uint8Array(128).fill(0xff)

/** Starts a process: its pid, or the negative errno. */
export function posixSpawn(execution: Execution): number {
  const wanted = [...execution.stdio.map((fd, target) => ({ target, fd })), ...execution.descriptors]
  const { moves, lifted, above } = arrange(wanted)
  if (lifted.size === 0) return spawnWith(execution, moves)
  const copies = new Map<number, number>()
  try {
    for (const fd of lifted) {
      const copy = duplicateFrom(fd, above)
      if (copy < 0) return copy
      copies.set(fd, copy)
    }
    return spawnWith(
      execution,
      moves.map(({ target, fd }) => ({ target, fd: copies.get(fd) ?? fd })),
    )
  } finally {
    for (const copy of copies.values()) closeSync(copy)
  }
}

/** The buffers outlive the call, which returns once exec has happened. */
function spawnWith(execution: Execution, moves: readonly Placement[]): number {
  const { functions } = libc()
  const attributes = Buffer.alloc(attributesSize)
  const actions = Buffer.alloc(actionsSize)
  functions.posix_spawnattr_init(attributes)
  functions.posix_spawn_file_actions_init(actions)
  try {
    setAttributes(attributes, execution.terminal === undefined)
    const failed = addActions(actions, execution, moves)
    if (failed !== 0) return -failed
    const pid = Buffer.alloc(4)
    const argv = vector(execution.argv)
    const env = vector(execution.env)
    const path = cString(execution.path)
    pin([argv, env])
    const errno = functions.posix_spawn(pid, path, actions, attributes, argv.pointers, env.pointers)
    return errno === 0 ? pid.readInt32LE(0) : -errno
  } finally {
    // Nothing to be freed in the attributes, in either C library.
    functions.posix_spawn_file_actions_destroy(actions)
  }
}

/**
 * Tries the files that a command may mean, one after the other, until one is executed: execvp(3). A script without `#!`
 * is given to sh, as every shell does, and machine code of another machine is not. `attempt` gives a pid or the negative
 * errno; what came of it, and of which file.
 */
export function first<T>(
  files: readonly T[],
  attempt: (file: T, byShell: boolean) => number,
  isScript: (file: T) => boolean,
): { readonly result: number; readonly index: number } {
  let result = ENOENT
  let index = 0
  for (const [at, file] of files.entries()) {
    index = at
    result = attempt(file, false)
    if (result === ENOEXEC && isScript(file)) result = attempt(file, true)
    if (result !== EACCES && result !== ENOENT && result !== ENOTDIR) break
  }
  return { result, index }
}

/** The words that make sh run a script. */
export function byShellWords(path: string, argv: readonly string[]): readonly string[] {
  return [shell, path, ...argv.slice(1)]
}

/** What runs scripts without `#!`. */
export const shell = '/bin/sh'

/**
 * What becomes the first of the files that can be executed: execve(2). It comes back only with the negative errno, and
 * the file it is about. All that takes memory is done beforehand, so that it works where there is none to be had.
 */
export function executing(
  files: readonly string[],
  argv: readonly string[],
  env: readonly string[],
): () => { readonly result: number; readonly index: number } {
  const { execve } = libc().functions
  const variables = vector(env)
  const interpreter = cString(shell)
  const words = vector(argv)
  const prepared = files.map(path => ({
    path: cString(path),
    script: vector(byShellWords(path, argv)),
    isScript: !isBinary(path),
  }))
  const attempt = ({ path, script }: (typeof prepared)[number], byShell: boolean) =>
    byShell
      ? checked(execve(interpreter, script.pointers, variables.pointers))
      : checked(execve(path, words.pointers, variables.pointers))
  return () => first(prepared, attempt, it => it.isScript)
}

function setAttributes(attributes: Buffer, ownSession: boolean): void {
  const { functions } = libc()
  functions.posix_spawnattr_setflags(attributes, SETSIGDEF | SETSIGMASK | (ownSession ? SETSID : SETPGROUP))
  if (!ownSession) functions.posix_spawnattr_setpgroup(attributes, 0)
  functions.posix_spawnattr_setsigdefault(attributes, allSignals)
  functions.posix_spawnattr_setsigmask(attributes, noSignals)
}

/** The steps between fork and exec, in order; the first failure's errno, or 0. */
function addActions(actions: Buffer, { terminal, workingDir }: Execution, moves: readonly Placement[]): number {
  const { functions } = libc()
  let failed = 0
  if (terminal !== undefined) failed ||= takesTerminal()?.(actions, terminal) ?? 0
  // Onto itself, dup2 clears close-on-exec here: that is how those that stand right already survive.
  for (const { target, fd } of moves) failed ||= functions.posix_spawn_file_actions_adddup2(actions, fd, target)
  if (workingDir !== undefined) {
    failed ||= functions.posix_spawn_file_actions_addchdir_np(actions, cString(workingDir))
  }
  return failed
}

/** Whether posix_spawn itself makes the process the terminal's foreground job; else the caller has to. */
export function setsForeground(): boolean {
  return takesTerminal() !== undefined
}

let terminalAction: { readonly found: ReturnType<typeof bindTerminalAction> } | undefined

function takesTerminal(): ReturnType<typeof bindTerminalAction> {
  terminalAction ??= { found: bindTerminalAction() }
  return terminalAction.found
}

const cString = (text: string): Buffer => encode(`${text}\0`)

/** A NULL-terminated array of C strings. `strings` is what the pointers point into and must be held as long. */
function vector(words: readonly string[]): { pointers: Buffer; strings: Buffer } {
  const encoded = words.map(cString)
  const strings = Buffer.concat(encoded)
  const base = words.length === 0 ? 0n : addressOf(strings)
  const pointers = Buffer.alloc(8 * (words.length + 1))
  let offset = 0
  encoded.forEach((word, i) => {
    pointers.writeBigUInt64LE(base + BigInt(offset), 8 * i)
    offset += word.length
  })
  return { pointers, strings }
}
