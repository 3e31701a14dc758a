/** `foster convert`: a Supervisor file as the YAML that says the same, with a comment wherever a choice was made. */
import { quoted } from '../emit.ts'
import { readScalar } from '../scalar.ts'
import type { Entry, Scalar, Tree } from '../tree.ts'
import { programName, reservedNames } from '../validate.ts'
import { withOwnFiles } from './convert-logs.ts'
import type { GroupConfig, ProcessConfig, SupervisorConfig } from './model.ts'
import { suffixOf } from './names.ts'
import type { Converted } from './nodes.ts'
import { planNames, type WrittenSupervisor } from './written.ts'

const head = `# Written by \`foster convert\`. What Supervisor's rules have no word for here:
#   - A program that ends is started again after a wait that grows (backoff), before and after start_seconds alike, and
#     a success code is no failure however early it comes.
#   - The container ends when nothing is left to run. What is \`critical: true\` ends it alone, with its exit code.
#   - HOME, USER and LOGNAME are those of a program's \`user\`. SUPERVISOR_* variables are gone: FOSTER_NAME and others
#     are set in their place.
#   - Programs stop in reverse order of depends_on, not by priority. No pid file is written.
`

const defaults = `defaults:
  critical: false # as with supervisord; set it to true for what the container is for
  stdin: pipe # as with supervisord; most programs need none
  stop_grace_period: 10s # supervisord's stopwaitsecs
`

/** A process, or several that differ in their numbers alone: replicas of one program. */
interface Block {
  readonly group: GroupConfig
  readonly members: readonly ProcessConfig[]
  readonly entries: Entries
}

/** Writes the file. */
export function convertSupervisor({ tree, config }: WrittenSupervisor): string {
  const groups = config.groups.filter(group => !isLeftOut(group))
  const inPlan = planNames(config.groups)
  const programs = tree.entries.get('programs')?.node
  const blocks = groups.flatMap(group => {
    const single = group.processes.flatMap((process): Block[] => {
      const node = programs?.kind === 'map' ? programs.entries.get(inPlan.get(process) ?? '')?.node : undefined
      return node?.kind === 'map' ? [{ group, members: [process], entries: node.entries }] : []
    })
    return joined(single)
  })
  const leftOut = config.groups.filter(isLeftOut).flatMap(({ processes }) => processes)
  const gone = leftOut.map(it => [inPlan.get(it) ?? it.name, ''] as const)
  const names = new Map([...gone, ...yamlNames(blocks, inPlan)])
  const owners = new Map<string, string>()
  const lines = blocks.flatMap(block => programOf(block, names, inPlan, groups, owners))
  const top = ['log', 'shutdown'].flatMap(key => {
    const node = tree.entries.get(key)?.node
    return node === undefined ? [] : entryOf(key, node, 0)
  })
  const nothing = ['# There are no programs to write down, and foster asks for one:', 'programs: {}']
  const body = lines.length === 0 ? nothing : ['programs:', ...lines]
  return `${head}${leftOutOf(config.groups)}${outputOf(config)}${defaults}${[...top, ...body].join('\n')}\n`
}

/** What YAML has no word for at all. */
function leftOutOf(groups: readonly GroupConfig[]): string {
  const named = (wanted: (group: GroupConfig) => boolean): string =>
    groups
      .filter(wanted)
      .map(({ section }) => `[${section.name}]`)
      .join(' ')
  const listeners = named(({ pool }) => pool !== undefined)
  const fcgi = named(({ socket }) => socket !== undefined)
  const protocol = `#   - Event listeners speak Supervisor's protocol, and only a Supervisor file has them. Left out:
#     ${listeners}
`
  const sockets = `#   - FastCGI programs are given a listening socket, and only by a Supervisor file. Left out:
#     ${fcgi}
`
  return `${listeners === '' ? '' : protocol}${fcgi === '' ? '' : sockets}`
}

function isLeftOut({ pool, socket }: GroupConfig): boolean {
  return pool !== undefined || socket !== undefined
}

/** What YAML has no word for of the output. */
function outputOf({ daemon, groups }: SupervisorConfig): string {
  const hasSyslog = groups.some(({ processes }) => processes.some(it => it.stdout.syslog || it.stderr.syslog))
  const syslog = "#   - Nothing goes to the system's log (syslog): such output is passed on to foster's.\n"
  const strip = '#   - Output stays as it is: there is no strip_ansi.\n'
  return `${hasSyslog ? syslog : ''}${daemon.stripAnsi ? strip : ''}`
}

/** Processes of one section become replicas if they say the same. */
function joined(blocks: readonly Block[]): readonly Block[] {
  const found: Block[] = []
  for (const block of blocks) {
    const last = found.at(-1)
    const isSame =
      last !== undefined && last.members[0]?.section === block.members[0]?.section && said(last) === said(block)
    if (isSame) found.splice(-1, 1, { ...last, members: [...last.members, ...block.members] })
    else found.push(block)
  }
  return found
}

function said({ entries }: Block): string {
  return bodyOf(entries, new Map()).join('\n')
}

/** What programs are called in YAML, by the names of their processes in the plan: the same, where YAML allows it. */
function yamlNames(blocks: readonly Block[], inPlan: PlanNames): ReadonlyMap<string, string> {
  const taken = new Set<string>()
  const names = new Map<string, string>()
  for (const { members } of blocks) {
    const [first] = members
    const own = members.map(member => inPlan.get(member) ?? member.name)
    const name = members.length > 1 && first !== undefined ? suffixOf(first.section).trim() : (own[0] ?? '')
    const near = name.replace(/[^A-Za-z0-9_.-]/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'program'
    let wanted = reservedNames.has(near) ? `${near}-program` : near
    for (let count = 2; taken.has(wanted); count++) wanted = `${near}-${count}`
    taken.add(wanted)
    for (const it of own) names.set(it, wanted)
  }
  return names
}

type PlanNames = ReadonlyMap<ProcessConfig, string>

type Entries = ReadonlyMap<string, Entry<Scalar>>

/** What is the same in the defaults above. */
const usual: ReadonlySet<string> = new Set(['critical=false', 'stdin=pipe', 'restart=on-failure'])

function programOf(
  { group, members, entries }: Block,
  names: ReadonlyMap<string, string>,
  inPlan: PlanNames,
  groups: readonly GroupConfig[],
  owners: Map<string, string>,
): readonly string[] {
  const [process] = members
  if (process === undefined) return []
  const name = names.get(inPlan.get(process) ?? '') ?? process.name
  const called = members.length > 1 ? [process, members.at(-1)].map(it => it?.name).join(' to ') : process.name
  const lines = [`  ${quoted(name)}:${name === called ? '' : ` # called ${JSON.stringify(called)} in the file`}`]
  if (members.length > 1) lines.push(`    replicas: ${members.length}`)
  if (group.name !== name && programName.test(group.name)) lines.push(`    group: ${quoted(group.name)}`)
  const own = withOwnFiles(entries, name, members.length > 1, owners)
  const changed = own.changed.map(line => `    # ${line}`)
  return [...lines, ...bodyOf(own.entries, names), ...changed, ...remarks(process, group, groups)]
}

function bodyOf(entries: Entries, names: ReadonlyMap<string, string>): readonly string[] {
  return [...entries].flatMap(([key, { node }]) => {
    if (node.kind === 'scalar' && usual.has(`${key}=${node.text}`)) return []
    if (key === 'environment') return environmentOf(node)
    return key === 'depends_on' ? dependenciesOf(node, names) : entryOf(key, node, 2)
  })
}

/** What somebody who reads the result may want to change. */
function remarks(process: ProcessConfig, { priority }: GroupConfig, groups: readonly GroupConfig[]): readonly string[] {
  const { autostart, autorestart, startsecs, own } = process
  const found: string[] = []
  const isOneShot = autorestart === 'never' && startsecs === 0
  if (isOneShot && !own.has('kind')) found.push('kind: task # if it runs to its end, such as a migration')
  else if (autostart && !own.has('critical')) found.push('critical: true # if the container is to end with it')
  const later = groups.filter(it => it.priority < priority).flatMap(it => it.processes.map(member => member.name))
  if (later.length > 0 && later.length <= 5 && !own.has('depends_on')) {
    found.push(`depends_on: [${later.map(quoted).join(', ')}] # if its priority meant that`)
  }
  return found.map(line => `    # ${line}`)
}

function environmentOf(node: Tree): readonly string[] {
  if (node.kind !== 'map') return []
  const own = [...node.entries].filter(([name]) => !name.startsWith('SUPERVISOR_'))
  return own.length === 0
    ? []
    : ['    environment:', ...own.flatMap(([name, { node: value }]) => entryOf(name, value, 3))]
}

function dependenciesOf(node: Tree, names: ReadonlyMap<string, string>): readonly string[] {
  if (node.kind !== 'map') return []
  // A dependency on a program is one on all of its replicas; what is left out cannot be waited for.
  const kept = [...node.entries].filter(([name]) => names.get(name) !== '')
  if (kept.length === 0) return []
  const conditions = new Map(
    kept.map(([name, { node: condition }]) => [
      names.get(name) ?? name,
      condition.kind === 'scalar' ? condition.text : '',
    ]),
  )
  const lines = [...conditions].map(([name, word]) => `      ${quoted(name)}:${word === '' ? '' : ` ${word}`}`)
  return ['    depends_on:', ...lines]
}

/** A key with its value, on one line where it is no map. */
function entryOf(key: string, node: Tree, depth: number): readonly string[] {
  const indent = '  '.repeat(depth)
  if (node.kind !== 'map') return [`${indent}${quoted(key)}: ${textOf(node)}`]
  const below = [...node.entries].flatMap(([name, { node: value }]) => entryOf(name, value, depth + 1))
  return below.length === 0 ? [] : [`${indent}${quoted(key)}:`, ...below]
}

function textOf(node: Tree): string {
  if (node.kind === 'list') return `[${node.items.map(textOf).join(', ')}]`
  if (node.kind === 'map') {
    return `{ ${[...node.entries].map(([key, entry]) => `${quoted(key)}: ${textOf(entry.node)}`).join(', ')} }`
  }
  const { text, plain, template } = node as Converted
  // Written as it is read: `0022` is a mode, and a number of its own is no text.
  if (plain && !text.includes('${')) return isPlain(text) ? text : quoted(text)
  return quoted(template ?? text.replaceAll('${', () => '$${'))
}

/** Whether YAML takes the text for what it is here without quotes. */
function isPlain(text: string): boolean {
  return typeof readScalar(text) !== 'string' || /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(text)
}
