/** What Supervisor's clients are told of the files of the corpus, by foster's code and by Debian's: the same. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { test } from 'node:test'
import type { FosterFacts } from '../../src/api/foster.ts'
import type { SupervisorFacts } from '../../src/api/supervisor/facts.ts'
import { LastRead } from '../../src/api/supervisor/groups.ts'
import { type Context, methods } from '../../src/api/supervisor/methods.ts'
import { load } from '../../src/config/load.ts'
import type { Plan } from '../../src/core/plan.ts'
import { unknownPrivileges } from '../../src/core/privileges.ts'
import { worldOf } from '../../src/core/world.ts'
import { openAccounts } from '../../src/os/accounts.ts'
import { whatIs } from '../../src/os/files.ts'
import { ask, environment, missing, type Told } from './supervisor-oracle.ts'

const folder = resolve(import.meta.dirname, '../config/supervisord/cases')
const files = globSync(`${folder}/*.conf`).sort()
const theirs = missing ? [] : (ask({ told: files }).told ?? [])

function planOf(file: string): Plan | undefined {
  const facts = {
    ...{ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, environment, privileges: unknownPrivileges },
    ...{ readFile: (path: string) => readFileSync(path, 'utf8'), glob: (pattern: string) => globSync(pattern), whatIs },
    ...{ hostName: hostname, directory: () => process.cwd() },
    ...openAccounts(),
  }
  return load([file], facts).plan
}

/** Answers of foster's before anything was started. */
async function toldBy(plan: Plan): Promise<Told> {
  const world = worldOf(plan)
  const nothing = { failures: 0, restarts: 0, lastExit: undefined }
  const foster: Partial<FosterFacts> = {
    ...{ world: () => world, now: () => 0, wall: () => 0 },
    journal: { past: () => nothing } as unknown as FosterFacts['journal'],
  }
  const facts = { foster } as unknown as SupervisorFacts
  const context = { facts, lastRead: new LastRead(facts) } as unknown as Context
  const asked = async (method: string) =>
    JSON.parse(JSON.stringify(await methods.get(method)?.call(context, []))) as Record<string, unknown>[]
  const infos = await asked('getAllProcessInfo')
  return { configs: await asked('getAllConfigInfo'), infos: infos.map(({ now: _, ...info }) => info) }
}

let compared = 0

for (const [index, file] of files.entries()) {
  const name = file.slice(folder.length + 1)
  test(name, { skip: missing }, async () => {
    const expected = theirs[index] ?? {}
    const plan = planOf(file)
    if (plan === undefined || expected.error !== undefined) return
    compared++
    assert.deepEqual(await toldBy(plan), expected)
  })
}

test('enough of them were compared', { skip: missing }, () => assert.ok(compared >= 60, `only ${compared}`))
