/** A Supervisor file and those that it includes -> what it says, or every fault. */
import type { Diagnostic } from '../../errors.ts'
import type { Range } from '../secrets.ts'
import { fault, type Origin, warning } from '../tree.ts'
import { daemonOf } from './daemon.ts'
import { groupsOf } from './groups.ts'
import { type Ini, readIni } from './ini.ts'
import type { SupervisorConfig } from './model.ts'
import { checkNames } from './names.ts'
import { directoryOf, homeOf } from './places.ts'
import { splitWhite } from './python.ts'
import { filledIn, isSecret, namesOf, type Reading, type System, valuePlace } from './reading.ts'
import { checkPlugins, serversOf } from './servers.ts'
import { normalize } from './values.ts'

/** What is asked of the system about files. `diagnostics` get what is wrong. */
export interface Files {
  /** The text of a file; undefined if it cannot be read, which was reported. */
  read(path: string, at: Origin): string | undefined
  /** The paths that match a pattern; undefined if it takes too long to find them. */
  glob(pattern: string): readonly string[] | undefined
  /** Where secrets stand in a file. */
  hide(file: string, ranges: readonly Range[]): void
}

/** Reads a configuration. `given` are options of `[supervisord]` that win over the file's. Undefined: the syntax is faulty, or a file is missing, so that the rest is not worth judging. */
export function readSupervisor(
  text: string,
  file: string,
  system: System,
  files: Files,
  diagnostics: Diagnostic[],
  given: ReadonlyMap<string, string> = new Map(),
): SupervisorConfig | undefined {
  const ini: Ini = { sections: new Map(), defaults: new Map() }
  const here = directoryOf(normalize(file, system.directory()))
  const variables = new Map(Object.entries(system.environment).map(([name, value]) => [`ENV_${name}`, value]))
  const home = (user: string): string | undefined => homeOf(user, system)
  const reading: Reading = { ini, system, diagnostics, here, variables, paths: { whatIs: system.whatIs, home } }
  readIni(text, file, ini, diagnostics)
  if (!hasErrors(diagnostics)) include(reading, file, files)
  hideSecrets(ini, files)
  if (hasErrors(diagnostics)) return undefined
  const section = ini.sections.get('supervisord')
  checkNames(reading)
  if (section === undefined) {
    const at = { file, line: 1, column: 1, length: 1 }
    const message = '.ini file does not include supervisord section'
    diagnostics.push(fault(at, 'supervisor', message, 'add a line [supervisord]'))
    return undefined
  }
  for (const [name, value] of given) {
    section.options.set(name, { name, at: section.at, value: value.replaceAll('%', '%%'), pieces: [] })
  }
  const daemon = daemonOf(reading, section)
  const hasInterface = checkPlugins(reading)
  const groups = groupsOf(reading)
  return { daemon, groups, servers: serversOf(reading), hasInterface }
}

function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === 'error')
}

/** Reads what `[include]` names; included files include nothing. `%(here)s` is each file's own directory. */
function include(reading: Reading, file: string, files: Files): void {
  const { ini, diagnostics, here, system } = reading
  const section = ini.sections.get('include')
  if (section === undefined) return
  replaceHere(ini, here)
  const option = section.options.get('files') ?? ini.defaults.get('files')
  if (option === undefined) {
    const message = '.ini file has [include] section, but no files setting'
    diagnostics.push(fault(section.at, 'supervisor', message))
    return
  }
  const names = namesOf(reading, { host_node_name: system.hostName() })
  const patterns = filledIn(reading, option, 'include.files', names)
  for (const pattern of splitWhite(patterns?.text ?? '')) {
    const found = files.glob(normalize(pattern, here))
    if (found === undefined) {
      const message = `to find "${normalize(pattern, here)}" too many names had to be looked at`
      diagnostics.push(fault(valuePlace(option), 'invalid-pattern', message))
    } else if (found.length === 0) {
      const message = `No file matches via include "${normalize(pattern, here)}"`
      diagnostics.push(warning(valuePlace(option), 'no-match', message))
    }
    for (const path of [...(found ?? [])].sort()) {
      const text = path === file ? undefined : files.read(path, valuePlace(option))
      if (text === undefined) continue
      readIni(text, path, ini, diagnostics)
      replaceHere(ini, directoryOf(path))
    }
  }
}

function replaceHere({ sections, defaults }: Ini, here: string): void {
  const everywhere = [defaults, ...[...sections.values()].map(({ options }) => options)]
  for (const options of everywhere) {
    for (const option of options.values()) {
      const value = option.value.replaceAll('%(here)s', here)
      if (value !== option.value) options.set(option.name, { ...option, value })
    }
  }
}

function hideSecrets({ sections }: Ini, files: Files): void {
  for (const { options } of sections.values()) {
    for (const { name, pieces } of options.values()) {
      if (!isSecret(name)) continue
      for (const { range, at } of pieces) files.hide(at.file, [range])
    }
  }
}
