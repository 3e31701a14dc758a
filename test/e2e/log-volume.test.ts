/**
 * Byte for byte: what ten programs wrote comes out, whole, once, in order, per program. About 50 MB for each format;
 * FOSTER_LOG_GB=1 makes it a gigabyte.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { lineOf } from '../fixtures/volume-lines.ts'
import { e2e, type Rig } from './rig.ts'
import { Checker, chunksOf, type Format, runVolume, type Volume, writtenIn } from './volume.ts'

const isLarge = process.env.FOSTER_LOG_GB === '1'
/** A line has 137 bytes on average. */
const lines = isLarge ? 750_000 : 37_000
const few = 7_000

async function check(rig: Rig, volume: Volume): Promise<void> {
  const checker = new Checker(volume.format, volume.kind === 'terminal')
  const began = performance.now()
  const said = await runVolume(rig, volume, checker)
  const written = writtenIn(rig)
  assert.equal(written.size, 10)
  checker.end(written)
  assert.doesNotMatch(said, /lost|dropped|internal/)
  const megabytes = checker.bytes / 1e6
  console.log(`${megabytes.toFixed(0)} MB in ${((performance.now() - began) / 1000).toFixed(1)} s`)
}

for (const format of ['raw', 'prefix', 'json'] as const satisfies readonly Format[]) {
  e2e(`${format}: under restarts, to a reader that pauses`, rig =>
    check(rig, { format, lines, runs: 3, reader: 'pausing' }),
  )
}

e2e('a reader that is slow', rig => check(rig, { format: 'raw', lines: few * 2, reader: 'slow' }))

e2e('a TERM in the middle: what the programs had written when they ended comes out', rig =>
  check(rig, { format: 'prefix', lines: 10_000_000, stopAt: 20_000_000 }),
)

for (const kind of ['file', 'terminal', 'socket', 'foreign'] as const) {
  const format = kind === 'socket' ? 'json' : 'prefix'
  e2e(`to a ${kind === 'foreign' ? 'pipe that cannot be reopened' : kind}`, rig =>
    check(rig, { format, lines: few, runs: 2, kind }),
  )
}

e2e('to files: across more than a hundred rotations', async rig => {
  const file = { file: join(rig.dir, '%(name).log'), max_size: isLarge ? '900KB' : '400KB', keep: 1000 }
  const checker = new Checker('raw')
  const count = isLarge ? lines : 32_000
  let bytes = 0
  for (let index = 0; index < count; index++) bytes += 10 * lineOf('p0', index).length
  const logs = () => readdirSync(rig.dir).filter(it => /^p\d\.log/.test(it))
  const size = (name: string) => statSync(join(rig.dir, name), { throwIfNoEntry: false })?.size ?? 0
  const until = () => logs().reduce((sum, name) => sum + size(name), 0) === bytes
  const said = await runVolume(rig, { format: 'raw', lines: count, runs: 2, stdout: file, until }, checker)
  assert.doesNotMatch(said, /lost|dropped|internal/)
  let rotations = 0
  for (const name of writtenIn(rig).keys()) {
    const path = join(rig.dir, `${name}.log`)
    const old = logs().filter(it => it.startsWith(`${name}.log.`)).length
    rotations += old
    for (let number = old; number >= 0; number--) {
      const one = number === 0 ? path : `${path}.${number}`
      assert.ok(existsSync(one), one)
      for (const chunk of chunksOf(one)) checker.feed(chunk)
      rmSync(one)
    }
  }
  assert.ok(rotations > 100, `${rotations} rotations`)
  checker.end(writtenIn(rig))
})
