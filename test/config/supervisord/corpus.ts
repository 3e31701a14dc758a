/** The corpus of Supervisor files in `cases/`, and how each is loaded: they lie in /conf. */
import { globSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Facts, type Loaded, load } from '../../../src/config/load.ts'
import { factsOf } from '../facts.ts'

export const folder = new URL('cases/', import.meta.url)

/** The names of all cases. */
export const names: readonly string[] = readdirSync(folder).flatMap(name =>
  name.endsWith('.conf') ? [name.slice(0, -5)] : [],
)

const environment = { PATH: '/usr/bin:/bin', HOME: '/root', APP_PORT: '8080', QUEUE: 'mail', PCT: '50%', QUOTED: 'a"b' }

export const facts: Facts = {
  ...factsOf({}, environment),
  readFile: path => readFileSync(new URL(inFolder(path), folder), 'utf8'),
  glob: pattern => globSync(inFolder(pattern), { cwd: fileURLToPath(folder) }).map(path => `/conf/${path}`),
  whatIs: path => (path.startsWith('/nope') ? 'nothing' : /\.\w+$|^\/tmp\/./.test(path) ? 'other' : 'directory'),
}

function inFolder(path: string): string {
  return path.replace(/^\/conf\//, '')
}

/** Loads a case. */
export function loadCase(name: string): Loaded {
  return load([`${name}.conf`], facts)
}
