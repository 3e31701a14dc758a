/** Who may do what, by the credentials that the kernel tells of a connection. Pure. Design, section 9. */
import { type AccessRule, namedVerbs, type Verb } from '../core/control.ts'
import type { Failure } from './answers.ts'

/** Who is at the other end of a connection. */
export interface Peer {
  readonly uid: number
  readonly gid: number
  readonly groups: readonly number[]
  readonly pid: number
}

/** A process, as far as rules look at it. */
export interface Subject {
  /** Its program. */
  readonly name: string
  readonly group: string | undefined
}

/** What one peer may do. */
export interface Access {
  /** root and foster's own user: everything. */
  readonly isOperator: boolean
  /** Whether there is anything at all. */
  readonly isKnown: boolean
  /** Whether a verb is allowed, at least for some programs. */
  may(verb: Verb): boolean
  /** Whether a verb is allowed for a process. */
  mayWith(verb: Verb, subject: Subject): boolean
}

const everything: Access = { isOperator: true, isKnown: true, may: () => true, mayWith: () => true }

/**
 * What the rules say about a peer; `undefined` is somebody about whom nothing is known, and who therefore may nothing.
 * Rules add up: what one of them allows is allowed. They are asked for each time: while somebody follows, a reload may
 * change them.
 */
export function accessOf(peer: Peer | undefined, rules: () => readonly AccessRule[], ownUid: number): Access {
  if (peer !== undefined && (peer.uid === 0 || peer.uid === ownUid)) return everything
  let seen: readonly AccessRule[] | undefined
  let found: readonly AccessRule[] = []
  const own = (): readonly AccessRule[] => {
    const now = rules()
    if (now !== seen) found = peer === undefined ? [] : now.filter(rule => concerns(rule, peer))
    seen = now
    return found
  }
  return {
    isOperator: false,
    get isKnown() {
      return own().length > 0
    },
    may: verb => own().some(rule => rule.allow.includes(verb)),
    mayWith: (verb, subject) => own().some(rule => rule.allow.includes(verb) && includes(rule.programs, subject)),
  }
}

function concerns({ who }: AccessRule, peer: Peer): boolean {
  return 'uid' in who ? who.uid === peer.uid : who.gid === peer.gid || peer.groups.includes(who.gid)
}

/** A name in a rule is a program's or a group's, also as `group:*`. */
function includes(programs: readonly string[] | undefined, { name, group = name }: Subject): boolean {
  return programs === undefined || programs.some(it => it === name || it === group || it === `${group}:*`)
}

/** Why a peer may not do something, and what would be needed. `what`: the name that it asked for. */
export function refusal(peer: Peer | undefined, verb: Verb, what?: string): Failure {
  const who = peer === undefined ? 'somebody unknown' : `uid ${peer.uid}`
  const object = what === undefined ? '' : `${takes.has(verb) ? '' : ' of'} ${JSON.stringify(what)}`
  // "all" is no name of a rule: one without programs is for all.
  const programs = what === undefined || what === 'all' ? '' : `, programs: [${what.replace(/:\d+$/, '')}]`
  const named = namedVerbs.has(verb) ? ' (by name: "all" does not mean it)' : ''
  return {
    code: 'not-allowed',
    message: `${who} may not ${words[verb]}${object}`,
    hint: `ask as root or as foster's own user; or control.access needs a rule for this user or one of its groups with allow: [${verb}]${programs}${named}`,
  }
}

const takes: ReadonlySet<Verb> = new Set(['start', 'stop', 'restart', 'signal'])

const words: Readonly<Record<Verb, string>> = {
  status: 'see the status',
  logs: 'read the logs',
  events: 'read the events',
  config: 'read the configuration',
  start: 'start',
  stop: 'stop',
  restart: 'restart',
  signal: 'signal',
  reload: 'reload the configuration',
  shutdown: 'stop the container',
}
