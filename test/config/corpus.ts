/** The corpus of configurations in `cases/`, and how each is loaded. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Facts, type Loaded, load } from '../../src/config/load.ts'
import { glob } from '../../src/os/glob.ts'
import { factsOf } from './facts.ts'

export const folder = new URL('cases/', import.meta.url)

/** The names of all cases. */
export const names: readonly string[] = readdirSync(folder)
  .filter(name => name.endsWith('.yaml'))
  .map(name => name.replace(/\.yaml$/, ''))

/** The text of a case. */
export function textOf(name: string): string {
  return readFileSync(new URL(`${name}.yaml`, folder), 'utf8')
}

/** Loads a case as its header says. */
export function loadCase(name: string): Loaded {
  const text = textOf(name)
  const named = /^# load: (.+)$/m.exec(text)?.[1]?.split(' ')
  return load(named ?? [`${name}.yaml`], factsOfCase(text))
}

/** The system that a case's header describes, with the files of the folder. */
export function factsOfCase(text: string): Facts {
  const environment: Record<string, string> = {}
  for (const [, variable = '', value = ''] of text.matchAll(/^# env: (\w+)=(.*)$/gm)) environment[variable] = value
  return {
    ...factsOf({}, environment, /^# root: no$/m.test(text) ? 1000 : 0),
    readFile: path => readFileSync(new URL(path, folder), 'utf8'),
    glob: (pattern, directory) => glob(pattern, fileURLToPath(new URL(`${directory}/`, folder))),
    whatIs: path =>
      path.startsWith('/missing') ? 'nothing' : /^\/file|\.(log|err)$/.test(path) ? 'other' : 'directory',
  }
}
