/** The layout holds: directions of imports, purity of core, one owner for what is dangerous, files that can be read whole. */
import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  bareCode,
  headless,
  importCycles,
  importsOf,
  impurities,
  type Source,
  sourcesIn,
  tooLong,
  waitsAndSpawns,
  wrongDirections,
  wrongOwners,
} from './layers.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const src = sourcesIn(root, 'src')
const tests = sourcesIn(root, 'test')
const core = src.filter(it => it.path.startsWith('src/core/'))
/** Tests of the built program, and what they start, live outside: they may wait and spawn. This file quotes. */
const unit = tests.filter(it => !/^test\/(e2e|containers|fixtures)\/|^test\/layers/.test(it.path))

const none: readonly string[] = []

/** Each is one to be got rid of, none is to be added. */
const known = {
  // A type that two formats share lives in the file that uses both.
  cycles: ['src/log/format.ts <-> src/log/json.ts'],
  // The splitting of words is compared with what /bin/sh does; a pipe's other end is given a turn of the loop.
  waits: ['test/config/words.test.ts', 'test/os/pipes.test.ts'],
}

describe('the code', () => {
  test('is found', () => {
    assert.ok(core.length >= 13 && src.length > core.length && unit.length > 0)
    assert.ok(src.flatMap(importsOf).length > 100, 'the imports are not read any more')
  })
  test('imports in one direction', () => assert.deepEqual(wrongDirections(src), none))
  test('has one file for the C library and one for processes', () => assert.deepEqual(wrongOwners(src), none))
  test('of core is pure', () => assert.deepEqual(impurities(core), none))
  test('has no cycles of imports', () => {
    assert.deepEqual(importCycles(src, false), none)
    const cycles = importCycles(src, true)
    assert.deepEqual(
      cycles.filter(it => !known.cycles.includes(it)),
      none,
    )
  })
  test('is in files of at most 300 lines', () => assert.deepEqual(tooLong([...src, ...tests], 300), none))
  test('of core says in each file what it is', () => assert.deepEqual(headless(core), none))
  test('of unit tests neither sleeps nor spawns', () => {
    const checked = unit.filter(it => !known.waits.includes(it.path))
    assert.deepEqual(waitsAndSpawns(checked), none)
  })
})

const file = (path: string, text: string): Source => ({ path, text })

describe('the checks can fail', () => {
  const wrong: readonly [string, string][] = [
    ['src/core/a.ts', "import { load } from '../config/load.ts'"],
    ['src/errors.ts', "import type { Plan } from './core/plan.ts'"],
    ['src/os/a.ts', "import { step } from '../core/world.ts'"],
    ['src/os/a.ts', "import { type Plan } from '../core/plan.ts'"],
    ['src/log/a.ts', "import type { Child } from '../os/children.ts'"],
    ['src/config/a.ts', "import {\n  a,\n  b,\n} from '../run/loop.ts'"],
    ['src/cli/a.ts', "const { step } = await import('../core/world.ts')"],
    ['src/run/a.ts', "export { main } from '../main.ts'"],
    ['src/utils/a.ts', "import '../errors.ts'"],
  ]
  for (const [path, text] of wrong) {
    test(`direction: ${path}: ${text.replaceAll('\n', ' ')}`, () => {
      assert.equal(wrongDirections([file(path, text)]).length, 1)
    })
  }

  test('direction: what is allowed passes', () => {
    const right = [
      file('src/os/a.ts', "import type { Plan } from '../core/plan.ts'\nimport { b } from './b.ts'\nimport 'node:fs'"),
      file('src/main.ts', "import { a } from './run/a.ts'\nimport { parse } from './cli/a.ts'"),
      file(
        'src/core/a.ts',
        "// import { x } from '../run/x.ts'\n/* import '../main.ts' */\nimport type { D } from '../errors.ts'",
      ),
    ]
    assert.deepEqual(wrongDirections(right), none)
  })

  test('owners', () => {
    const texts = [
      "import { dlopen } from 'node:ffi'",
      "const { execa } = await import('execa')",
      "require('child_process')",
    ]
    for (const text of texts) assert.equal(wrongOwners([file('src/run/a.ts', text)]).length, 1, text)
    assert.deepEqual(
      wrongOwners([file('src/os/libc.ts', texts[0] ?? ''), file('src/os/children.ts', texts[1] ?? '')]),
      none,
    )
  })

  test('purity', () => {
    const texts = [
      "import { readFileSync } from 'node:fs'",
      "import { parse } from 'yaml'",
      'const now = Date.now()',
      'const now = performance.now()',
      'setTimeout(run, 5)',
      'const chance = Math.random()',
      'const home = process.env.HOME',
      'const g = globalThis',
    ]
    for (const text of texts) assert.equal(impurities([file('src/core/a.ts', text)]).length, 1, text)
    const pure = "// Date.now() is for others\nconst words = 'process.env'\nreturn stop(process, state.process)"
    assert.deepEqual(impurities([file('src/core/a.ts', pure)]), none)
  })

  test('cycles', () => {
    const chain = [file('src/a.ts', "import './b.ts'"), file('src/b.ts', "import type { C } from './c.ts'")]
    const closed = [...chain, file('src/c.ts', "import { a } from './a.ts'")]
    assert.deepEqual(importCycles(chain, true), none)
    assert.deepEqual(importCycles(closed, false), none)
    assert.deepEqual(importCycles(closed, true), ['src/a.ts <-> src/b.ts <-> src/c.ts'])
    assert.deepEqual(importCycles([file('src/a.ts', "import './a.ts'")], false), ['src/a.ts'])
  })

  test('length and head', () => {
    assert.deepEqual(tooLong([file('a', 'x\n'.repeat(300)), file('b', 'x\n'.repeat(301))], 300), ['b: 301 lines'])
    assert.deepEqual(headless([file('a', '/** A. */\n'), file('b', "import 'a'")]), ['b'])
  })

  test('sleeping and spawning', () => {
    const texts = [
      "import { setTimeout } from 'node:timers/promises'",
      "import { spawn } from 'node:child_process'",
      'await new Promise(done => setTimeout(done, 5))',
      'await sleep(10)',
      "spawn('sh')",
    ]
    for (const text of texts) assert.equal(waitsAndSpawns([file('test/a.test.ts', text)]).length, 1, text)
    const fine = "story.spawn(1)\n// sleep(5)\nassert.deepEqual(effects, [{ do: 'spawn' }])\npattern.exec(text)"
    assert.deepEqual(waitsAndSpawns([file('test/a.test.ts', fine)]), none)
  })

  test('strings and comments are no code', () => {
    assert.equal(bareCode("a('b // c') // d\n/* e */f").trim().replace(/\s+/g, ' '), "a('') f")
  })
})
