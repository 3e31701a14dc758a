/** A made-up system for tests of the configuration: a few accounts, files in memory. */

import type { Facts } from '../../src/config/load.ts'
import type { Account } from '../../src/core/accounts.ts'
import type { Privileges } from '../../src/core/privileges.ts'

const accounts: readonly Account[] = [
  { name: 'root', uid: 0, gid: 0, home: '/root' },
  { name: 'www-data', uid: 33, gid: 33, home: '/var/www' },
  { name: 'app', uid: 1000, gid: 1000, home: '/home/app' },
]

const groups: Readonly<Record<string, number>> = { root: 0, adm: 4, video: 44, 'www-data': 33, app: 1000 }

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
    privileges: privilegesOf(uid === 0),
    glob: () => [],
    whatIs: path => (path.endsWith('.log') ? 'nothing' : 'directory'),
    hostName: () => 'host',
    directory: () => '/conf',
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

const unlimited = { soft: Number.POSITIVE_INFINITY, hard: Number.POSITIVE_INFINITY }

/** Everything, or nothing. */
export function privilegesOf(hasAll: boolean, changes: Partial<Privileges> = {}): Privileges {
  return {
    has: () => hasAll,
    groups: () => (hasAll ? [] : [1000, 44]),
    nice: () => 0,
    oomScoreAdj: () => 0,
    limit: name => {
      if (name === 'nofile') return { soft: 1024, hard: 524_288 }
      return name === 'core' || name === 'nice' ? { soft: 0, hard: 0 } : unlimited
    },
    mostDescriptors: () => 1_048_576,
    ...changes,
  }
}
