/** HTTP's basic authentication, with passwords as Supervisor's files have them. */
import type { SupervisorLogin } from '../../core/supervisor.ts'

/** Whether a header has the user and the password. It takes as long for a wrong one as for the right one. */
export function isLogin(header: string, { username, password }: SupervisorLogin): boolean | 'malformed' {
  const encoded = /^Basic +(\S*)\s*$/i.exec(header)?.[1]
  if (encoded === undefined) return false
  if (!/^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/.test(encoded)) return 'malformed'
  const given = Buffer.from(encoded, 'base64')
  const at = given.indexOf(':')
  if (at < 0) return 'malformed'
  const crypto = process.getBuiltinModule('node:crypto')
  const secret = given.subarray(at + 1)
  const isHashed = password.startsWith('{SHA}')
  const shown = isHashed ? Buffer.from(crypto.createHash('sha1').update(secret).digest('hex')) : secret
  const wanted = isHashed ? password.slice('{SHA}'.length) : password
  // Digests have one length, so that neither of the two tells anything by its own.
  const isSame = (one: Buffer, other: Buffer): boolean => crypto.timingSafeEqual(digest(one), digest(other))
  const digest = (bytes: Buffer): Buffer => crypto.createHash('sha256').update(bytes).digest()
  const hasName = isSame(given.subarray(0, at), Buffer.from(username))
  const hasPassword = isSame(shown, Buffer.from(wanted))
  return hasName && hasPassword
}
