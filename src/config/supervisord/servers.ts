/** The servers that Supervisor's clients talk to, and the plug-ins behind them. */
import type { SupervisorLogin } from '../../core/supervisor.ts'
import { fault } from '../tree.ts'
import type { Section } from './ini.ts'
import type { ServerConfig } from './model.ts'
import { sectionsOf } from './names.ts'
import { uidOf } from './processes.ts'
import { toInteger } from './python.ts'
import { caution, complain, getText, namesOf, parsed, placeOf, type Reading } from './reading.ts'
import { expandHome, inetAddress, normalize } from './values.ts'

/** All servers, those of TCP first. */
export function serversOf(reading: Reading): readonly ServerConfig[] {
  const inet = sectionsOf(reading.ini, 'inet_http_server').flatMap(section => inetServer(reading, section))
  const unix = sectionsOf(reading.ini, 'unix_http_server').flatMap(section => unixServer(reading, section))
  const open = inet.find(({ login }) => login === undefined)
  if (open !== undefined) {
    const message = `Server '${open.section.name}' running without any HTTP authentication checking`
    caution(reading, open.section, '', 'supervisor', message, 'whoever reaches the port steers the container')
  }
  return [...inet, ...unix]
}

function inetServer(reading: Reading, section: Section): readonly ServerConfig[] {
  const login = loginOf(reading, section)
  const names = reading.variables
  const port = getText(reading, section, 'port', names)
  if (port === undefined) {
    if (!section.options.has('port')) complain(reading, section, 'port', `section [${section.name}] has no port value`)
    return []
  }
  const address = parsed(reading, section, 'port', port, inetAddress)
  return address === undefined ? [] : [{ section, address, login, mode: 0, owner: undefined }]
}

function unixServer(reading: Reading, section: Section): readonly ServerConfig[] {
  const login = loginOf(reading, section)
  const names = reading.variables
  const file = getText(reading, section, 'file', namesOf(reading))
  if (file === undefined && !section.options.has('file')) {
    complain(reading, section, 'file', `section [${section.name}] has no file value`)
  }
  const chown = getText(reading, section, 'chown', names)
  const owner = chown && ownerOf(chown.text, reading)
  if (chown !== undefined && owner === undefined) {
    complain(reading, section, 'chown', `Invalid sockchown value ${chown.shown}`)
  }
  const chmod = getText(reading, section, 'chmod', names)
  const mode = chmod === undefined ? 0o700 : toInteger(chmod.text, 8)
  if (mode === undefined) complain(reading, section, 'chmod', `Invalid chmod value ${chmod?.shown}`)
  if (file === undefined) return []
  const path = normalize(expandHome(file.text.trim(), reading.paths), reading.system.directory())
  return [{ section, address: { file: path }, login, mode: (mode ?? 0o700) & 0o777, owner }]
}

/** `user` or `user:group`, each by name or number and with an entry; a number stands for a group without one. */
export function ownerOf(text: string, reading: Reading): { uid: number; gid: number } | undefined {
  const at = text.indexOf(':')
  const group = at < 0 ? undefined : text.slice(at + 1)
  try {
    const uid = uidOf(at < 0 ? text : text.slice(0, at), reading)
    if (group === undefined) return { uid, gid: -1 }
    const gid = /^\d+$/.test(group) ? Number(group) : reading.system.group(group)
    return gid === undefined ? undefined : { uid, gid }
  } catch {
    return undefined
  }
}

function loginOf(reading: Reading, section: Section): SupervisorLogin | undefined {
  const has = (name: string): boolean => section.options.has(name) || reading.ini.defaults.has(name)
  const username = getText(reading, section, 'username', reading.variables)
  const password = getText(reading, section, 'password', reading.variables)
  if (username !== undefined && password !== undefined) return { username: username.text, password: password.text }
  if (has('username') === has('password')) return undefined
  const message = `Section [${section.name}] contains incomplete authentication: If a username or a password is specified, both the username and password must be specified`
  complain(reading, section, has('username') ? 'username' : 'password', message)
  return undefined
}

const mainFactory = 'supervisor.rpcinterface:make_main_rpcinterface'

/** Only Supervisor's own plug-ins can be there: others are Python. Says whether its interface is. */
export function checkPlugins(reading: Reading): boolean {
  for (const [kind, option, known] of [
    ['rpcinterface', 'supervisor.rpcinterface_factory', mainFactory],
    ['ctlplugin', 'supervisor.ctl_factory', ''],
  ] as const) {
    for (const section of sectionsOf(reading.ini, kind)) {
      const factory = getText(reading, section, option, reading.variables)
      const at = placeOf(reading, section, option)
      if (factory === undefined && !section.options.has(option)) {
        complain(reading, section, option, `section [${section.name}] does not specify a ${option}`)
      } else if (factory !== undefined && factory.text !== known) {
        const message = `${factory.shown} cannot be resolved within [${section.name}]`
        reading.diagnostics.push(
          fault(at, 'unsupported-section', message, 'foster runs no Python: plug-ins cannot be loaded'),
        )
      }
    }
  }
  return reading.ini.sections.has('rpcinterface:supervisor')
}
