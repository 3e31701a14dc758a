/** `[supervisord]` and the servers: checked as supervisord does, though in a container only a part of it has a meaning. */
import { fault, warning } from '../tree.ts'
import { environmentOf } from './environment.ts'
import type { Section } from './ini.ts'
import type { DaemonConfig, ServerConfig } from './model.ts'
import { sectionsOf } from './names.ts'
import { uidOf } from './processes.ts'
import { caution, complain, get, getText, namesOf, parsed, placeOf, type Reading } from './reading.ts'
import {
  boolean,
  byteSize,
  existingDirectory,
  existingDirpath,
  expandHome,
  inetAddress,
  integer,
  logLevel,
  normalize,
  octal,
} from './values.ts'

/** Reads `[supervisord]`. Its `environment` becomes `ENV_X` in all that is read after it. */
export function daemonOf(reading: Reading, section: Section): DaemonConfig {
  const names = namesOf(reading)
  const read = <T>(name: string, parse: (text: string) => T): T | undefined => get(reading, section, name, names, parse)
  const path = (text: string): string => existingDirpath(text, reading.paths)
  const directory = (text: string): string => existingDirectory(text, reading.paths)
  for (const name of ['logfile_maxbytes']) read(name, byteSize)
  for (const name of ['logfile_backups', 'minprocs']) read(name, integer)
  for (const name of ['silent', 'nocleanup']) read(name, boolean)
  read('logfile', path)
  read('loglevel', logLevel)
  read('childlogdir', directory)
  if (read('strip_ansi', boolean)) {
    const message = 'strip_ansi is not supported by this version of foster'
    reading.diagnostics.push(fault(placeOf(reading, section, 'strip_ansi'), 'unsupported-option', message))
  }
  checkForeground(reading, section, read('directory', directory), read('umask', octal))
  const written = getText(reading, section, 'user', names)
  const uid = written && parsed(reading, section, 'user', written, text => uidOf(text, reading))
  const more = { host_node_name: reading.system.hostName() }
  const environment = environmentOf(reading, section, namesOf(reading, more), true)
  for (const [name, { value }] of environment) reading.variables.set(`ENV_${name}`, value.text)
  const pidfile = read('pidfile', path)
  return {
    ...{ section, environment, user: uid === undefined ? undefined : written },
    identifier: getText(reading, section, 'identifier', names)?.text ?? 'supervisor',
    minfds: read('minfds', integer) ?? 1024,
    pidfile: pidfile === undefined ? undefined : normalize(pidfile, reading.system.directory()),
    isDaemon: !(read('nodaemon', boolean) ?? false),
  }
}

/** supervisord does both only while it goes into the background, which it does not in a container. */
function checkForeground(
  reading: Reading,
  section: Section,
  directory: string | undefined,
  umask: number | undefined,
): void {
  const say = (name: string, what: string): void => {
    const message = `"${name}" in [supervisord] is ignored: supervisord ${what} only when it goes into the background`
    caution(reading, section, name, 'ignored-option', message, `set "${name}" in each [program:x]`)
  }
  if (directory !== undefined) say('directory', 'changes its directory')
  if (umask !== undefined && umask !== 0o022) say('umask', 'sets its umask')
}

/** The servers that supervisord's clients talk to. */
export function serversOf(reading: Reading): readonly ServerConfig[] {
  const inet = sectionsOf(reading.ini, 'inet_http_server').flatMap(section => inetServer(reading, section))
  const unix = sectionsOf(reading.ini, 'unix_http_server').flatMap(section => unixServer(reading, section))
  const servers = [...inet, ...unix]
  for (const { section } of servers) {
    const message = `[${section.name}]: this version of foster has no server for supervisorctl and XML-RPC`
    reading.diagnostics.push(warning(section.at, 'unsupported-section', message))
  }
  return servers
}

function inetServer(reading: Reading, section: Section): readonly ServerConfig[] {
  checkPassword(reading, section)
  const names = reading.variables
  const port = getText(reading, section, 'port', names)
  if (port === undefined) {
    if (!section.options.has('port')) complain(reading, section, 'port', `section [${section.name}] has no port value`)
    return []
  }
  const address = parsed(reading, section, 'port', port, inetAddress)
  return address === undefined ? [] : [{ section, address }]
}

function unixServer(reading: Reading, section: Section): readonly ServerConfig[] {
  checkPassword(reading, section)
  const names = reading.variables
  const file = getText(reading, section, 'file', namesOf(reading))
  if (file === undefined && !section.options.has('file')) {
    complain(reading, section, 'file', `section [${section.name}] has no file value`)
  }
  const chown = getText(reading, section, 'chown', names)
  if (chown !== undefined && !isUserAndGroup(chown.text, reading)) {
    complain(reading, section, 'chown', `Invalid sockchown value ${chown.shown}`)
  }
  const chmod = getText(reading, section, 'chmod', names)
  if (chmod !== undefined && !isOctal(chmod.text)) {
    complain(reading, section, 'chmod', `Invalid chmod value ${chmod.shown}`)
  }
  if (file === undefined) return []
  const path = normalize(expandHome(file.text.trim(), reading.paths), reading.system.directory())
  return [{ section, address: { file: path } }]
}

function isOctal(text: string): boolean {
  return /^[+-]?(?:0[oO]_?)?[0-7]+(?:_[0-7]+)*$/.test(text.trim())
}

/** `user` or `user:group`, each by name or number and with an entry. */
function isUserAndGroup(text: string, reading: Reading): boolean {
  const [user = '', group] = [
    text.replace(/:.*$/s, ''),
    text.includes(':') ? text.slice(text.indexOf(':') + 1) : undefined,
  ]
  try {
    uidOf(user, reading)
  } catch {
    return false
  }
  return group === undefined || /^\d+$/.test(group) || reading.system.group(group) !== undefined
}

function checkPassword(reading: Reading, section: Section): void {
  const has = (name: string): boolean => section.options.has(name) || reading.ini.defaults.has(name)
  if (has('username') === has('password')) return
  const message = `Section [${section.name}] contains incomplete authentication: If a username or a password is specified, both the username and password must be specified`
  complain(reading, section, has('username') ? 'username' : 'password', message)
}

const mainFactory = 'supervisor.rpcinterface:make_main_rpcinterface'

/** Only Supervisor's own plug-ins can be there: others are Python. */
export function checkPlugins(reading: Reading): void {
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
}
