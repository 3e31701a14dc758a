/** What an image knows of users and groups, as facts: the system's side reads them, the configuration is resolved by them. */

/** An entry of passwd(5). */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
}

/** What /etc/passwd and /etc/group say. */
export interface Accounts {
  account(name: string): Account | undefined
  accountByUid(uid: number): Account | undefined
  /** The id of a group. */
  group(name: string): number | undefined
  /** The supplementary groups of a user by name: initgroups(3) without the primary one. */
  groupsOf(userName: string): readonly number[]
}
