/** `user:` and `groups:` -> the identity a program runs with. Accounts are facts that come in as values. */
import type { Accounts } from '../core/accounts.ts'
import type { Credentials } from '../core/plan.ts'
import { type Resolving, report } from './resolving.ts'
import { placeOf } from './shape.ts'
import { describe, find } from './tree.ts'

/** Ids above this one mean "leave as it is" to the kernel. */
const largestId = 2 ** 32 - 2

/** Who a program runs as; undefined: as foster itself. Further groups are added to those of its user, or of foster. */
export function credentialsOf(resolving: Resolving): Credentials | undefined {
  const { program, facts } = resolving
  const { user } = program.settings
  const who = user == null ? undefined : userOf(user, resolving)
  const further = furtherGroups(resolving)
  if (further.length === 0) return who
  const own = { uid: facts.uid, gid: facts.gid, name: undefined, home: undefined }
  const found = who ?? { ...own, groups: facts.privileges.groups() }
  const all = { ...found, groups: [...new Set([...found.groups, ...further])] }
  if (facts.uid === 0 && facts.privileges.has('SETGID') !== false) return all
  const has = new Set([facts.gid, ...facts.privileges.groups()])
  if (further.every(gid => has.has(gid))) return who
  const why =
    facts.uid === 0 ? 'foster lacks CAP_SETGID' : `foster runs as uid ${facts.uid}, and only root can add groups`
  const hint = facts.uid === 0 ? 'add the capability SETGID to the container' : 'start the container as root'
  report(
    resolving,
    placeOf(program, 'groups'),
    facts.uid === 0 ? 'not-permitted' : 'not-root',
    `cannot add groups: ${why}`,
    `remove "groups", or ${hint}`,
  )
  return who
}

function userOf(text: string, resolving: Resolving): Credentials | undefined {
  const { program, facts } = resolving
  const { at, node } = find(program.entry.node, ['user'])
  const user = resolveUser(text, facts)
  const shown = describe(node, ['user'])
  if (typeof user === 'string') {
    const isMasked = node.kind === 'scalar' && node.masked
    report(resolving, node.at ?? at, 'unknown-user', isMasked ? `cannot run as user ${shown}: it is unknown` : user)
    return undefined
  }
  const isOwn = user.uid === facts.uid && (!text.includes(':') || user.gid === facts.gid)
  if (facts.uid === 0 && lacksCapability(facts)) {
    const message = `cannot run as user ${shown}: foster lacks CAP_SETUID or CAP_SETGID`
    report(resolving, node.at, 'not-permitted', message, 'remove "user", or add the capabilities to the container')
  }
  if (facts.uid === 0 || isOwn) return user
  const what = user.uid === facts.uid ? `gid ${facts.gid}, and only root can change the group` : undefined
  const why = what ?? `uid ${facts.uid}, and only root can change the user`
  const message = `cannot run as user ${shown}: foster runs as ${why}`
  report(resolving, node.at, 'not-root', message, 'remove "user", or start the container as root')
  return undefined
}

/** Where that cannot be told, the start shows it. */
function lacksCapability({ privileges }: Resolving['facts']): boolean {
  return privileges.has('SETUID') === false || privileges.has('SETGID') === false
}

/**
 * Resolves `name`, `uid`, `name:group` or `uid:gid`. A user's supplementary groups come along; a uid without an entry
 * has gid 0, no further groups and `/` as its home. A string says what is wrong.
 */
export function resolveUser(text: string, accounts: Accounts): Credentials | string {
  const [user = '', group, ...more] = text.split(':')
  if (user === '' || group === '' || more.length > 0)
    return 'expected a user such as www-data, 1000 or www-data:www-data'
  const uid = readId(user)
  const account = uid === undefined ? accounts.account(user) : accounts.accountByUid(uid)
  if (account === undefined && uid === undefined) return `there is no user ${JSON.stringify(user)}`
  const gid = group === undefined ? (account?.gid ?? 0) : (readId(group) ?? accounts.group(group))
  if (gid === undefined) return `there is no group ${JSON.stringify(group)}`
  if ((uid ?? 0) > largestId || gid > largestId) return `expected ids up to ${largestId}`
  if (account === undefined) return { uid: uid ?? 0, gid, groups: [], name: undefined, home: '/' }
  const groups = [...new Set([gid, ...accounts.groupsOf(account.name)])]
  return { uid: account.uid, gid, groups, name: account.name, home: account.home }
}

/** The groups under `groups`, by number; those that are unknown are reported. */
function furtherGroups(resolving: Resolving): readonly number[] {
  const { program, facts } = resolving
  return (program.settings.groups ?? []).flatMap((text, index) => {
    const gid = readId(text) ?? facts.group(text)
    if (gid !== undefined && gid <= largestId) return [gid]
    const { node } = find(program.entry.node, ['groups', index])
    const shown = describe(node, ['groups'])
    const message = gid === undefined ? `there is no group ${shown}` : `expected ids up to ${largestId}`
    report(resolving, placeOf(program, 'groups', index), 'unknown-group', message)
    return []
  })
}

function readId(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined
}
