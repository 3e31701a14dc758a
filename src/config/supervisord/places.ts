/** Where a file is, and where users are at home. */
import type { System } from './reading.ts'

/** The directory of a path. */
export function directoryOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')))
}

/** The home of a user; of foster's own where no name is given. */
export function homeOf(user: string, { environment, account, accountByUid, uid }: System): string | undefined {
  if (user !== '') return account(user)?.home
  return environment.HOME ?? accountByUid(uid)?.home
}
