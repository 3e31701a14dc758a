/** The licences of what is bundled: each asks to be handed on with it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** One text of all packages that these files of a bundle are from, by name. Throws if one has no licence. */
export function licencesOf(files: readonly string[]): string {
  const folders = files.map(file => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1])
  const packages = [...new Set(folders.filter(it => it !== undefined))].sort()
  return packages.map(licenceIn).join('\n')
}

/** That of the Node that runs, where it came with it: in the folder above its own. */
export function licenceOfNode(): string {
  const file = join(dirname(dirname(process.execPath)), 'LICENSE')
  return existsSync(file) ? `node ${process.version}\n\n${readFileSync(file, 'utf8')}` : ''
}

/** That of the package in a folder, under its name. */
function licenceIn(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
  const file = readdirSync(folder).find(it => /^licen[cs]e(\.\w+)?$/i.test(it))
  if (file === undefined) throw new Error(`${name} has no licence to hand on`)
  return `${name} ${version}\n\n${readFileSync(`${folder}/${file}`, 'utf8').trim()}\n`
}

/** What the text is called where it is handed on. */
export const licencesFile = 'THIRD-PARTY-LICENSES'
