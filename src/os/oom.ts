/**
 * Whether the kernel has killed somebody because memory ran out. It tells nobody; but the memory cgroup counts such
 * kills, and a program that was killed by a SIGKILL that nobody of ours sent, while the count went up, is one of them.
 * Nothing polls: the count is read when such an end is seen, so the kill of a grandchild, which nobody saw, can be told
 * of the next such end. In version 2 of cgroups the count includes the groups that programs have made below.
 */
import { readFileSync } from 'node:fs'

/** A kill that was counted so long ago, in milliseconds, was somebody else's: a grandchild's, say. */
const fresh = 2000

export class OomKills {
  readonly #count: () => number | undefined
  readonly #now: () => number
  /** As far as kills have been told of. */
  #known: number | undefined
  #last = 0
  #changed = 0

  constructor(now: () => number, count: () => number | undefined = openCount()) {
    this.#now = now
    this.#count = count
  }

  /** Takes the count as it is: what has been killed so far are no programs. */
  begin(): void {
    this.#known = this.#count()
    this.#last = this.#known ?? 0
  }

  /** Whether a process that has just been killed is one of those. Call it once for each. */
  take(): boolean {
    const count = this.#count()
    if (count === undefined || this.#known === undefined) return false
    if (count !== this.#last) {
      this.#last = count
      this.#changed = this.#now()
    }
    if (this.#now() - this.#changed > fresh) this.#known = count
    if (count <= this.#known) return false
    this.#known++
    return true
  }
}

/** Reads the count of foster's own cgroup; undefined where there is none. Where it stands is found at the first call. */
function openCount(): () => number | undefined {
  let files: readonly string[] | undefined
  return () => {
    files ??= countFiles(readText('/proc/self/cgroup') ?? '', readText('/proc/self/mountinfo') ?? '')
    for (const file of files) {
      const count = /^oom_kill (\d+)$/m.exec(readText(file) ?? '')?.[1]
      if (count !== undefined) return Number(count)
    }
    return undefined
  }
}

/**
 * Where the memory cgroup's count may stand, best first, by /proc/self/cgroup and /proc/self/mountinfo: cgroups(7). What
 * is mounted in a container may be all of the hierarchy, or the container's own part of it under another name.
 */
export function countFiles(cgroup: string, mountinfo: string): readonly string[] {
  const groups = cgroup.split('\n').flatMap(line => {
    const [, id, controllers = '', path = ''] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? []
    const isMemory = id === '0' ? controllers === '' : controllers.split(',').includes('memory')
    return isMemory ? [{ isUnified: id === '0', path }] : []
  })
  return mountinfo.split('\n').flatMap(line => {
    const [left = '', right = ''] = line.split(' - ')
    const [, , , root = '', place = ''] = left.split(' ').map(unescaped)
    const [type, , options = ''] = right.split(' ')
    const isUnified = type === 'cgroup2'
    if (!isUnified && !(type === 'cgroup' && options.split(',').includes('memory'))) return []
    const file = isUnified ? 'memory.events' : 'memory.oom_control'
    return groups
      .filter(it => it.isUnified === isUnified)
      .flatMap(({ path }) => [`${place}${below(path, root)}/${file}`, `${place}/${file}`])
  })
}

function below(path: string, root: string): string {
  if (root === '/') return path === '/' ? '' : path
  return path.startsWith(`${root}/`) ? path.slice(root.length) : ''
}

/** Spaces and their like are octal there: proc_pid_mountinfo(5). */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}
