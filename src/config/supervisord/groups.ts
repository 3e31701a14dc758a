/** The groups of processes, in the order in which supervisord starts them. */

import { socketOf } from './fcgi.ts'
import type { Section } from './ini.ts'
import { poolOf } from './listeners.ts'
import type { GroupConfig, ProcessConfig } from './model.ts'
import { sectionsOf } from './names.ts'
import { byPriority, mostProcesses, nameOf, processesOf } from './processes.ts'
import { repr } from './python.ts'
import { caution, complain, get, getText, namesOf, type Reading } from './reading.ts'
import { integer, strings } from './values.ts'

/** All groups: those of `[group:x]`, and one for each program that is in none. */
export function groupsOf(reading: Reading): readonly GroupConfig[] {
  const taken = new Set<Section>()
  const groups: GroupConfig[] = []
  for (const section of sectionsOf(reading.ini, 'group')) groups.push(...groupOf(reading, section, taken))
  for (const section of sectionsOf(reading.ini, 'program')) {
    const name = taken.has(section) ? undefined : nameOf(reading, section)
    if (name === undefined) continue
    const priority = get(reading, section, 'priority', namesOf(reading), integer) ?? 999
    groups.push({ name, priority, section, processes: processesOf(reading, section, name) })
  }
  for (const section of sectionsOf(reading.ini, 'eventlistener')) groups.push(...poolGroupOf(reading, section))
  for (const section of sectionsOf(reading.ini, 'fcgi-program')) {
    if (!taken.has(section)) groups.push(...fcgiGroupOf(reading, section))
  }
  const count = groups.reduce((sum, { processes }) => sum + processes.length, 0)
  const last = groups.at(-1)
  if (last !== undefined && count > mostProcesses) {
    complain(reading, last.section, 'numprocs', `there are more than ${mostProcesses} processes`)
  }
  return distinct(groups.sort(byPriority), reading)
}

/** The pool of an event listener; such are started first, and stopped last. */
function poolGroupOf(reading: Reading, section: Section): readonly GroupConfig[] {
  const name = nameOf(reading, section)
  const priority = get(reading, section, 'priority', namesOf(reading), integer) ?? -1
  const pool = poolOf(reading, section)
  if (name === undefined) return []
  const processes = processesOf(reading, section, name)
  return pool === undefined ? [] : [{ name, priority, section, processes, pool }]
}

/** The processes of a FastCGI program, which share a socket. */
function fcgiGroupOf(reading: Reading, section: Section): readonly GroupConfig[] {
  const name = nameOf(reading, section)
  if (name === undefined) return []
  const priority = get(reading, section, 'priority', namesOf(reading), integer) ?? 999
  const socket = socketOf(reading, section, name)
  const processes = processesOf(reading, section, name)
  return socket === undefined ? [] : [{ name, priority, section, processes, socket }]
}

function groupOf(reading: Reading, section: Section, taken: Set<Section>): readonly GroupConfig[] {
  const name = nameOf(reading, section)
  const names = namesOf(reading)
  const programs = strings(getText(reading, section, 'programs', names)?.text ?? '')
  const priority = get(reading, section, 'priority', names, integer) ?? 999
  if (name === undefined) return []
  const { sections } = reading.ini
  const processes: ProcessConfig[] = []
  for (const program of programs) {
    const own = sections.get(`program:${program}`)
    const fcgi = sections.get(`fcgi-program:${program}`)
    if (own === undefined && fcgi === undefined) {
      const message = `[${section.name}] names unknown program or fcgi-program ${program}`
      complain(reading, section, 'programs', message)
    } else if (own !== undefined && fcgi !== undefined) {
      const message = `[${section.name}] name ${program} is ambiguous (exists as program and fcgi-program)`
      complain(reading, section, 'programs', message)
    } else {
      const found = own ?? fcgi
      if (found === undefined) continue
      if (found === fcgi) caution(reading, section, 'programs', 'supervisor', withoutSocket(fcgi, section))
      taken.add(found)
      processes.push(...processesOf(reading, found, name))
    }
  }
  return [{ name, priority, section, processes: processes.sort(byPriority) }]
}

function withoutSocket(fcgi: Section, group: Section): string {
  return `[${fcgi.name}] is run without its socket in [${group.name}], as with supervisord`
}

/** Of two groups or two members of a group with one name, supervisord silently runs one. */
function distinct(groups: readonly GroupConfig[], reading: Reading): readonly GroupConfig[] {
  const byName = new Map<string, GroupConfig>()
  for (const group of groups) {
    if (byName.has(group.name)) {
      const message = `there are two groups ${repr(group.name)}: this one is not run, as with supervisord`
      caution(reading, group.section, '', 'duplicate', message)
    } else byName.set(group.name, { ...group, processes: distinctMembers(group, reading) })
  }
  return [...byName.values()]
}

function distinctMembers({ name, processes }: GroupConfig, reading: Reading): readonly ProcessConfig[] {
  const members = new Map<string, ProcessConfig>()
  for (const process of processes) {
    const before = members.get(process.name)
    if (before !== undefined) {
      const message = `the group ${repr(name)} has two processes ${repr(process.name)}: one of them is not run, as with supervisord`
      caution(reading, before.section, 'process_name', 'duplicate', message)
    }
    members.delete(process.name)
    members.set(process.name, process)
  }
  return [...members.values()]
}
