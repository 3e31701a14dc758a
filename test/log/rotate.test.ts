/** Rotation: where a file ends, what the old ones are called, what is compressed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { FileTarget } from '../../src/core/log-plan.ts'
import { bench } from './fakes.ts'
import { file, fullLog, world } from './file-world.ts'

/** Where each line must go, one after the other, by the rule in docs/logs.md. */
function expected(text: string, maxSize: number, longest: number): string[] {
  const files = ['']
  for (const line of text.split(/(?<=\n)/)) {
    const last = files.at(-1) ?? ''
    if (last !== '' && last.length + Math.min(line.length, longest) > maxSize) files.push(line)
    else files[files.length - 1] = last + line
  }
  return files
}

const lines = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\xff'), maxLength: 30 }), {
  minLength: 1,
  maxLength: 40,
})
const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 9 })

test('rotation: always between the same lines, however they are read and written', () => {
  fc.assert(
    fc.property(
      lines,
      sizes,
      fc.integer({ min: 1, max: 80 }),
      fc.nat(20),
      fc.boolean(),
      (said, reads, maxSize, most, late) => {
        const { files, write, web } = world({ maxSize, keep: 1000 }, { maxLine: 20 })
        if (most > 0) files.most = most
        const text = `${said.join('\n')}\n`
        for (let at = 0, turn = 0; at < text.length; turn++) {
          const size = reads[turn % reads.length] ?? 1
          write(text.slice(at, at + size))
          if (!late) files.settle()
          at += size
        }
        web.endRun()
        files.settle()
        const parts = expected(text, maxSize, 20)
        const found = parts.map((_, index) =>
          files.text(index === parts.length - 1 ? '/l' : `/l.${parts.length - 1 - index}`),
        )
        assert.deepEqual(found, parts)
        assert.equal(files.names.length, parts.length)
        assert.equal(files.open, 2 - 1)
      },
    ),
    { numRuns: 300 },
  )
})

test('rotation: what there is at the start counts, so many are kept, 0 of them, or there is no limit', () => {
  const start = (changes: Partial<FileTarget>) => {
    const made = world(changes)
    made.web.close()
    return made
  }
  assert.deepEqual(start({}).files.names, ['/l'])
  const kept = world({ maxSize: 4, keep: 2 })
  for (const letter of 'abcdef') {
    kept.write(`${letter}${letter}\n`)
    kept.files.settle()
  }
  assert.deepEqual(kept.files.names, ['/l', '/l.1', '/l.2'])
  assert.deepEqual(
    kept.files.names.map(name => kept.files.text(name)),
    ['ff\n', 'ee\n', 'dd\n'],
  )
  const none = world({ maxSize: 4, keep: 0 })
  none.write('aa\nbb\n')
  none.files.settle()
  assert.deepEqual([none.files.names, none.files.text('/l')], [['/l'], 'bb\n'])
  const endless = world({ maxSize: 0 })
  endless.write('aa\nbb\ncc\n'.repeat(100))
  endless.files.settle()
  assert.deepEqual(endless.files.names, ['/l'])
})

test('rotation: an old file is added to, and its size counts', () => {
  const log = { stdout: [file({ maxSize: 10 })] }
  const { files, logs, pipes } = bench({ programs: [] })
  files.make('/l', 'old old\n')
  logs.configure(0, { name: 'web', replica: undefined, user: undefined, log: { ...world().web, ...fullLog(log) } })
  logs.program(0).attach('stdout', 1)
  pipes.write(1, 'a\nb\n')
  pipes.turn(1)
  files.settle()
  assert.deepEqual([files.text('/l.1'), files.text('/l')], ['old old\na\n', 'b\n'])
})

test('only regular files are rotated, and not one that somebody else has put there', () => {
  const device = bench({ programs: [] })
  device.files.make('/l', '', false)
  device.logs.configure(0, {
    name: 'web',
    replica: undefined,
    user: undefined,
    log: fullLog({ stdout: [file({ maxSize: 4 })] }),
  })
  device.logs.program(0).attach('stdout', 1)
  device.pipes.write(1, 'aa\nbb\ncc\n')
  device.pipes.turn(1)
  device.files.settle()
  assert.deepEqual([device.files.names, device.files.text('/l')], [['/l'], 'aa\nbb\ncc\n'])
  const moved = world({ maxSize: 4 })
  moved.write('aa\n')
  moved.files.settle()
  moved.files.make('/l', 'new\n')
  moved.write('bb\n')
  moved.files.settle()
  assert.deepEqual(
    moved.files.names.map(name => moved.files.text(name)),
    ['bb\n', 'new\n'],
  )
})

test('compression: one at a time, the copy gets its name when it is complete, then the file goes', () => {
  const { files, write } = world({ maxSize: 4, keep: 3, compress: true })
  for (const letter of 'abc') {
    write(`${letter}${letter}\n`)
    files.settle()
  }
  assert.equal(files.compressing.length, 1)
  // Meanwhile it is rotated on: what is being compressed is found under its new number.
  write('dd\n')
  files.settle()
  files.compressing.shift()?.()
  assert.deepEqual(files.names, ['/l', '/l.1', '/l.2', '/l.3.gz'])
  assert.equal(files.text('/l.3.gz'), 'gz(aa\n)')
  assert.equal(files.compressing.length, 1)
  files.compressing.shift()?.()
  files.compressing.shift()?.()
  assert.deepEqual(files.names, ['/l', '/l.1.gz', '/l.2.gz', '/l.3.gz'])
  assert.equal(files.compressing.length, 0)
})
