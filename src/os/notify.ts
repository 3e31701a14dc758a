/**
 * The sockets on which programs say how they are, sd_notify(3): one for each run that wants it, so that what the last run
 * said too late is not taken for the next one's.
 *
 * They lie in a directory that only foster can write, /run/foster/XXXXXX, else below $XDG_RUNTIME_DIR or in
 * /tmp/foster-UID; where none can be made they have names in the abstract namespace. A socket belongs to its program's
 * user and is closed to everybody else, except where the program is root's: it may become somebody else before it is
 * ready. Whatever the modes, each datagram's sender is looked at.
 */
import { chmodSync, lchownSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Credentials } from '../core/plan.ts'
import { closeDatagrams, type Datagram, isListening, longestAddress, openDatagrams, receive } from './datagrams.ts'
import { errnoName } from './errno.ts'

/** Whose socket it is to be, and what becomes of what is said. */
export interface NotifyOptions {
  /** For the path, in which it is shortened if need be. */
  readonly name: string
  /** Undefined: foster's own. */
  readonly user: Pick<Credentials, 'uid' | 'gid'> | undefined
  /** Why a sender is not heard; undefined: it is. */
  readonly refuse: (sender: Pick<Datagram, 'pid' | 'uid'>) => string | undefined
  readonly onText: (text: string) => void
  /** A datagram was dropped. */
  readonly onRefused: (reason: string) => void
}

/** A run's socket. */
export interface NotifySocket {
  /** For NOTIFY_SOCKET. */
  readonly path: string
  close(): void
}

interface Open {
  readonly fd: number
  readonly options: NotifyOptions
}

/** Datagrams of one socket that are read in one turn of the loop: whoever floods us holds up nobody else. */
const mostPerTurn = 32
const ENOENT = 2

/** Remains of earlier fosters that are looked at, so that a start takes no time over them. */
const mostStale = 64

export class Notify {
  readonly #open = new Set<Open>()
  readonly #places: readonly string[]
  #directory: string | undefined
  #isAbstract = false
  #count = 0
  #more = false

  /** `runtimeDir` is $XDG_RUNTIME_DIR. Nothing is made before it is needed. */
  constructor(runtimeDir: string | undefined) {
    const uid = process.getuid?.() ?? 0
    const own = runtimeDir?.startsWith('/') ? [join(runtimeDir, 'foster')] : []
    this.#places = [...(uid === 0 ? ['/run/foster'] : []), ...own, `/tmp/foster-${uid}`]
  }

  /** A socket for one run; a string says why there is none. */
  open(options: NotifyOptions): NotifySocket | string {
    let path = this.#address(options.name)
    let fd = openDatagrams(path)
    if (fd === -ENOENT) {
      // Somebody tidies up the directory that we are in.
      this.#directory = undefined
      path = this.#address(options.name)
      fd = openDatagrams(path)
    }
    if (fd < 0) return `cannot make the socket ${path}: ${errnoName(-fd)}`
    if (!this.#isAbstract) allow(path, options.user)
    const open = { fd, options }
    this.#open.add(open)
    const close = (): void => {
      if (!this.#open.delete(open)) return
      closeDatagrams(fd)
      if (!path.startsWith('@')) softly(() => unlinkSync(path))
    }
    return { path, close }
  }

  /** Reads what has come, of all sockets. To be called after any signal: which one it was for is not known. */
  drain(): void {
    let isEmpty = true
    for (const open of this.#open) isEmpty = this.#read(open) && isEmpty
    if (isEmpty || this.#more) return
    this.#more = true
    setImmediate(() => {
      this.#more = false
      this.drain()
    })
  }

  /** Reads one socket; false: there may be more. */
  #read(open: Open): boolean {
    for (let count = 0; count < mostPerTurn; count++) {
      // It may be closed by what it leads to.
      if (!this.#open.has(open)) return true
      const datagram = receive(open.fd)
      if (datagram === undefined) return true
      take(datagram, open.options)
    }
    return false
  }

  /** Removes the directory; sockets that are still open go with it. */
  close(): void {
    for (const { fd } of this.#open) closeDatagrams(fd)
    this.#open.clear()
    if (this.#directory !== undefined) removeAll(this.#directory)
    this.#directory = undefined
  }

  #address(name: string): string {
    const short = `${name.replace(/[^\w.-]/g, '_').slice(0, 40)}.${this.#count++}`
    if (!this.#isAbstract) this.#directory ??= this.#makeDirectory()
    if (this.#directory !== undefined) return join(this.#directory, short)
    this.#isAbstract = true
    return `@foster-${process.pid}-${Math.random().toString(36).slice(2, 10)}/${short}`
  }

  #makeDirectory(): string | undefined {
    const isRoot = process.getuid?.() === 0
    for (const place of this.#places) {
      // The longest name, its count and mkdtemp's letters have to fit as well.
      if (place.length > longestAddress - 60 || !isOurs(place, isRoot)) continue
      try {
        sweep(place)
        const directory = mkdtempSync(`${place}/`)
        if (isRoot) chmodSync(directory, 0o711)
        return directory
      } catch {
        // Read-only, full, or no place for us.
      }
    }
    return undefined
  }
}

function take(datagram: Datagram | 'unusable', { refuse, onText, onRefused }: NotifyOptions): void {
  if (datagram === 'unusable') return onRefused('it is longer than 8 KiB, or does not say who sent it')
  const reason = refuse(datagram)
  if (reason !== undefined) return onRefused(`it came from process ${datagram.pid}: ${reason}`)
  onText(datagram.text)
}

/** Nobody else can put anything into the directory, so what these paths name is what we have just made. */
function allow(path: string, user: NotifyOptions['user']): void {
  if (process.getuid?.() !== 0) return
  try {
    if (user === undefined || user.uid === 0) return chmodSync(path, 0o666)
    chmodSync(path, 0o600)
    lchownSync(path, user.uid, user.gid)
  } catch {
    // Without the right to give it away anybody may send; who is heard is decided by who it is.
    softly(() => chmodSync(path, 0o666))
  }
}

/** Makes the directory if it is not there; whether it is one that only we can write. */
function isOurs(path: string, isRoot: boolean): boolean {
  try {
    mkdirSync(path, { mode: isRoot ? 0o755 : 0o700 })
    if (isRoot) chmodSync(path, 0o755)
  } catch {
    // It is there, or cannot be.
  }
  try {
    const found = lstatSync(path)
    return (
      found.isDirectory() && found.uid === (process.getuid?.() ?? 0) && (found.mode & (isRoot ? 0o022 : 0o077)) === 0
    )
  } catch {
    return false
  }
}

/** Removes what fosters that were killed have left: sockets that nobody listens to, and their directories. */
function sweep(place: string): void {
  for (const name of readdirSync(place).slice(0, mostStale)) {
    const directory = join(place, name)
    softly(() => {
      if (!lstatSync(directory).isDirectory()) return
      const sockets = readdirSync(directory).map(it => join(directory, it))
      if (!sockets.some(isListening)) removeAll(directory)
    })
  }
}

/** A directory of sockets, and they. */
function removeAll(directory: string): void {
  softly(() => {
    for (const name of readdirSync(directory)) unlinkSync(join(directory, name))
    rmdirSync(directory)
  })
}

function softly(work: () => void): void {
  try {
    work()
  } catch {
    // Gone already, or not ours to remove: nothing depends on it.
  }
}
