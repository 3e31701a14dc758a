/**
 * Users and groups, read from /etc/passwd and /etc/group by ourselves. Never getpwnam(3) or os.userInfo(): the C
 * library that foster brings along would load the image's NSS modules, which belong to another C library.
 */
import { readFileSync } from 'node:fs'
import type { Account, Accounts } from '../core/accounts.ts'

/** Reads nothing until asked: most configurations name no user. A missing file is an empty one. */
export function openAccounts(passwdFile = '/etc/passwd', groupFile = '/etc/group'): Accounts {
  let passwd: readonly Account[] | undefined
  let groups: readonly Group[] | undefined
  const users = (): readonly Account[] => {
    passwd ??= parsePasswd(readText(passwdFile))
    return passwd
  }
  const all = (): readonly Group[] => {
    groups ??= parseGroup(readText(groupFile))
    return groups
  }
  return {
    account: name => users().find(it => it.name === name),
    accountByUid: uid => users().find(it => it.uid === uid),
    group: name => all().find(it => it.name === name)?.gid,
    groupsOf: user => all().flatMap(it => (it.members.includes(user) ? [it.gid] : [])),
  }
}

interface Group {
  readonly name: string
  readonly gid: number
  readonly members: readonly string[]
}

/** passwd(5): name:password:uid:gid:gecos:home:shell. Lines that are not of that form are passed over. */
export function parsePasswd(text: string): readonly Account[] {
  return fields(text).flatMap(([name = '', , uid = '', gid = '', , home = '']) =>
    name !== '' && isId(uid) && isId(gid) ? [{ name, uid: Number(uid), gid: Number(gid), home: home || '/' }] : [],
  )
}

/** group(5): name:password:gid:member,member. */
export function parseGroup(text: string): readonly Group[] {
  return fields(text).flatMap(([name = '', , gid = '', members = '']) =>
    name !== '' && isId(gid) ? [{ name, gid: Number(gid), members: members.split(',').filter(it => it !== '') }] : [],
  )
}

const isId = (text: string): boolean => /^\d{1,10}$/.test(text)
const fields = (text: string): string[][] => text.split('\n').map(line => line.split(':'))

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
