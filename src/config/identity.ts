/** `user:` -> the identity a program runs with. Accounts are facts that come in as values. */
import type { Accounts } from '../core/accounts.ts'
import type { Credentials } from '../core/plan.ts'

/** Ids above this one mean "leave as it is" to the kernel. */
const largestId = 2 ** 32 - 2

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

function readId(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined
}
