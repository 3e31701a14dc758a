/**
 * The code cache of Node's own modules in a built executable, taken out: 4 MB that Node copies into memory at every
 * start, for modules of which foster loads a handful. Node has no option for it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { Script } from 'node:vm'

/** Fewer entries than this are not the list that is looked for: Node 26 has 441. */
const fewest = 100
/** The longest name of a module, such as `internal/modules/cjs/loader`. */
const longestName = 80

/**
 * Sets the count of the list to 0. The list stands in the snapshot as a count and then, for each module, a name and its
 * cache, each with its length before it. Unless all of it looks as expected, from the count to the last entry, the file
 * stays as it is; says whether it was changed.
 */
export function dropCodeCache(file: string): boolean {
  const bytes = readFileSync(file)
  const list = findList(bytes)
  if (list === undefined || list.entries < fewest || numberAt(bytes, list.start - 8) !== list.entries) return false
  bytes.writeBigUInt64LE(0n, list.start - 8)
  writeFileSync(file, bytes)
  return true
}

/** The first run of entries that follow each other without a gap. */
function findList(bytes: Buffer): { start: number; entries: number } | undefined {
  // What V8 puts at the front of every code cache of this version.
  const magic = new Script('0').createCachedData().subarray(0, 4)
  let start: number | undefined
  let next = 0
  let entries = 0
  for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 4)) {
    const entry = entryBefore(bytes, at)
    if (entry === undefined) continue
    if (start !== undefined && entry.start !== next) break
    start ??= entry.start
    next = entry.end
    entries++
  }
  return start === undefined ? undefined : { start, entries }
}

/** The entry whose cache begins at `at`: length and text of its name, length of the cache. */
function entryBefore(bytes: Buffer, at: number): { start: number; end: number } | undefined {
  if (at < longestName + 16) return undefined
  for (let length = 1; length <= longestName; length++) {
    const start = at - 16 - length
    const isEntry =
      numberAt(bytes, start) === length && /^[\w/-]+$/.test(bytes.toString('latin1', at - 8 - length, at - 8))
    if (isEntry) return { start, end: at + numberAt(bytes, at - 8) }
  }
  return undefined
}

function numberAt(bytes: Buffer, offset: number): number {
  return Number(bytes.readBigUInt64LE(offset))
}
