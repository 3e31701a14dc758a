/** A made-up system for tests of the configuration: a few accounts, files in memory. */

import type { Facts } from '../../src/config/load.ts'
import type { Account } from '../../src/core/accounts.ts'

const accounts: readonly Account[] = [
  { name: 'root', uid: 0, gid: 0, home: '/root' },
  { name: 'www-data', uid: 33, gid: 33, home: '/var/www' },
  { name: 'app', uid: 1000, gid: 1000, home: '/home/app' },
]

const groups: Readonly<Record<string, number>> = { root: 0, adm: 4, 'www-data': 33, app: 1000 }

/** Facts with these files and this environment; foster runs as root unless told otherwise. */
export function factsOf(
  files: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
  uid = 0,
): Facts {
  return {
    uid,
    gid: uid,
    environment,
    glob: () => [],
    whatIs: () => 'directory',
    readFile(path) {
      const text = files[path]
      if (text !== undefined) return text
      throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT' })
    },
    account: name => accounts.find(account => account.name === name),
    accountByUid: id => accounts.find(account => account.uid === id),
    group: name => groups[name],
    groupsOf: name => (name === 'www-data' ? [4, 33] : []),
  }
}
