/** `[supervisord]` and the servers: checked as supervisord does, though in a container only a part of it has a meaning. */
import { environmentOf } from './environment.ts'
import type { Section } from './ini.ts'
import type { DaemonConfig } from './model.ts'
import { uidOf } from './processes.ts'
import { caution, get, getText, namesOf, parsed, type Reading } from './reading.ts'
import { boolean, byteSize, existingDirectory, existingDirpath, integer, logLevel, normalize, octal } from './values.ts'

/** Reads `[supervisord]`. Its `environment` becomes `ENV_X` in all that is read after it. */
export function daemonOf(reading: Reading, section: Section): DaemonConfig {
  const names = namesOf(reading)
  const read = <T>(name: string, parse: (text: string) => T): T | undefined => get(reading, section, name, names, parse)
  const path = (text: string): string => existingDirpath(text, reading.paths)
  const directory = (text: string): string => existingDirectory(text, reading.paths)
  for (const name of ['logfile_maxbytes']) read(name, byteSize)
  for (const name of ['logfile_backups', 'minprocs']) read(name, integer)
  read('nocleanup', boolean)
  read('logfile', path)
  const isSilent = read('silent', boolean) ?? false
  const isTalkative = ['debug', 'trace', 'blather'].includes(read('loglevel', logLevel) ?? 'info')
  read('childlogdir', directory)
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
    // That is how files say that they want none.
    pidfile:
      pidfile === undefined || pidfile === '/dev/null' ? undefined : normalize(pidfile, reading.system.directory()),
    copiesOutput: isTalkative && !isSilent,
    stripAnsi: read('strip_ansi', boolean) ?? false,
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
