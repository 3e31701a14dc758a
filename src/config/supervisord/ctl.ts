/** What `supervisorctl` reads of a Supervisor file: `[supervisorctl]`. Other files that the file includes are not read. */
import type { Diagnostic } from '../../errors.ts'
import { fault } from '../tree.ts'
import { type Ini, readIni } from './ini.ts'
import { sectionsOf } from './names.ts'
import { directoryOf, homeOf } from './places.ts'
import { complain, getText, namesOf, type Reading, type System } from './reading.ts'
import { expandHome, normalize } from './values.ts'

/** How to reach the server, and how to ask. */
export interface ClientSettings {
  readonly serverurl: string | undefined
  readonly username: string | undefined
  readonly password: string | undefined
  readonly prompt: string | undefined
  readonly historyFile: string | undefined
}

/** Reads a text; what is wrong goes to `diagnostics`. */
export function readClientSettings(
  text: string,
  file: string,
  system: System,
  diagnostics: Diagnostic[],
): ClientSettings | undefined {
  const ini: Ini = { sections: new Map(), defaults: new Map() }
  readIni(text, file, ini, diagnostics)
  if (diagnostics.some(({ severity }) => severity === 'error')) return undefined
  const section = ini.sections.get('supervisorctl')
  if (section === undefined) {
    const message = '.ini file does not include supervisorctl section'
    diagnostics.push(fault({ file, line: 1, column: 1, length: 1 }, 'supervisor', message))
    return undefined
  }
  const here = directoryOf(normalize(file, system.directory()))
  const variables = new Map(Object.entries(system.environment).map(([name, value]) => [`ENV_${name}`, value]))
  const home = (user: string): string | undefined => homeOf(user, system)
  const reading: Reading = { ini, system, diagnostics, here, variables, paths: { whatIs: system.whatIs, home } }
  const path = (written: string): string => normalize(expandHome(written, reading.paths), system.directory())
  const get = (name: string, isPath: boolean): string | undefined =>
    getText(reading, section, name, isPath ? namesOf(reading) : variables)?.text
  const url = get('serverurl', true)
  const history = get('history_file', true)
  for (const plugin of sectionsOf(ini, 'ctlplugin')) {
    const message = `[${plugin.name}] cannot be loaded: plug-ins are Python, which foster does not run`
    complain(reading, plugin, 'supervisor.ctl_factory', message)
  }
  return {
    serverurl: url?.startsWith('unix://') ? `unix://${path(url.slice(7))}` : url,
    ...{ username: get('username', false), password: get('password', false), prompt: get('prompt', false) },
    historyFile: history ? path(history) : undefined,
  }
}
