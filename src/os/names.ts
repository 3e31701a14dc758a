/**
 * Names of hosts -> addresses. Never getaddrinfo(3), which would load the image's NSS modules into foster's C library:
 * addresses, `localhost`, what /etc/hosts says, else the name servers of /etc/resolv.conf, asked by c-ares.
 */
import type { promises } from 'node:dns'
import { isShortage, ShortageError } from './errno.ts'
import { readText } from './files.ts'

/** Where names are looked up; a test has its own. */
export interface NameFiles {
  readonly hosts: string
  readonly resolvConf: string
  /** Name servers with their ports, in place of those that c-ares finds. */
  readonly servers?: readonly string[]
}

const usual: NameFiles = { hosts: '/etc/hosts', resolvConf: '/etc/resolv.conf' }

/**
 * The addresses of a host, best first: IPv4, and IPv6 where there is no other. `localhost` is both loopback addresses,
 * whatever the files say. Throws an Error in words if there are none, a ShortageError if foster has no descriptor left to
 * find out; ends early, with an Error, if `signal` aborts.
 */
export async function addressesOf(
  host: string,
  signal: AbortSignal,
  files: NameFiles = usual,
): Promise<readonly string[]> {
  const { isIP } = process.getBuiltinModule('node:net')
  const name = host.replace(/^\[|\]$/g, '')
  if (isIP(name) !== 0) return [name]
  if (/^(?:.+\.)?localhost\.?$/i.test(name)) return ['127.0.0.1', '::1']
  const known = inHosts(textOf(files.hosts), name).filter(it => isIP(it) !== 0)
  if (known.length > 0) return known
  return ask(name, fullNames(name, textOf(files.resolvConf)), signal, files.servers)
}

/** An IPv4 address of a host that is known without asking anybody: what can be bound is this machine's. */
export function addressAtHand(host: string, files: Pick<NameFiles, 'hosts'> = usual): string | undefined {
  const isAddress = (it: string): boolean => {
    const parts = /^\d{1,3}(?:\.\d{1,3}){3}$/.test(it) ? it.split('.') : []
    return parts.length === 4 && parts.every(part => Number(part) <= 255)
  }
  if (isAddress(host)) return host
  if (/^(?:.+\.)?localhost\.?$/i.test(host)) return '127.0.0.1'
  return inHosts(textOf(files.hosts), host).find(isAddress)
}

/** The addresses that hosts(5) has for a name. */
export function inHosts(text: string, name: string): readonly string[] {
  const wanted = name.replace(/\.$/, '').toLowerCase()
  return text.split('\n').flatMap(line => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    return names.some(it => it.toLowerCase() === wanted) ? [address] : []
  })
}

/** The names to ask for, in order, by `search` and `ndots` of resolv.conf(5). */
export function fullNames(name: string, resolvConf: string): readonly string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)]
  let search: readonly string[] = []
  let ndots = 1
  for (const line of resolvConf.split('\n')) {
    const [key, ...values] = line.trim().split(/\s+/)
    if (key === 'search' || key === 'domain') search = values.slice(0, 32)
    const dots = key === 'options' ? values.map(it => /^ndots:(\d+)$/.exec(it)?.[1]).find(Boolean) : undefined
    if (dots !== undefined) ndots = Math.min(15, Number(dots))
  }
  const below = search.map(domain => `${name}.${domain.replace(/^\.|\.$/g, '')}`)
  return name.split('.').length > ndots ? [name, ...below] : [...below, name]
}

/** Codes that mean: there is no such name, or it has no address of this kind. */
const absent: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME'])

async function ask(
  name: string,
  names: readonly string[],
  signal: AbortSignal,
  servers?: readonly string[],
): Promise<readonly string[]> {
  const { Resolver } = process.getBuiltinModule('node:dns').promises
  const resolver: promises.Resolver = new Resolver()
  if (servers !== undefined) resolver.setServers(servers)
  const cancel = (): void => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  let failure: string | undefined
  const answers = (full: string, kind: 'resolve4' | 'resolve6'): Promise<readonly string[]> =>
    resolver[kind](full).catch((error: NodeJS.ErrnoException) => {
      if (!absent.has(error.code ?? '')) failure ??= error.code ?? error.message
      return []
    })
  try {
    for (const full of names) {
      for (const kind of ['resolve4', 'resolve6'] as const) {
        const found = signal.aborted ? [] : await answers(full, kind)
        if (found.length > 0) return found
      }
    }
  } finally {
    signal.removeEventListener('abort', cancel)
  }
  throw new Error(failure === undefined ? `unknown host ${name}` : `cannot look up ${name}: ${failure}`)
}

function textOf(path: string): string {
  try {
    return readText(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (isShortage(code)) throw new ShortageError(`cannot read ${path}: ${code}`)
    return ''
  }
}
