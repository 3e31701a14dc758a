/** Real containers: builds the images once, runs containers, and leaves none behind. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

/** The repository. */
export const root = new URL('../..', import.meta.url).pathname

export interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs podman to its end, whatever its exit code. */
export function podman(...args: readonly string[]): Result {
  const options = { cwd: root, encoding: 'utf8', timeout: 900_000, maxBuffer: 64 << 20 } as const
  const done: SpawnSyncReturns<string> = spawnSync('podman', args, options)
  return { code: done.status, stdout: done.stdout ?? '', stderr: done.stderr ?? '' }
}

const bases = ['debian:bookworm-slim', 'node:26-bookworm-slim', 'busybox:latest'].map(it => `docker.io/library/${it}`)

/** Why containers cannot be tried here, or false; said once, aloud. Where they are required, that is an error. */
export const skip: string | false = reasonToSkip()

function reasonToSkip(): string | false {
  const missing = podman('version').code !== 0 ? 'podman' : bases.find(it => podman('image', 'exists', it).code !== 0)
  if (missing === undefined) return false
  const reason = `${missing} is missing`
  if (process.env.CONTAINERS_REQUIRED) throw new Error(`${reason}, and CONTAINERS_REQUIRED is set`)
  process.stdout.write(`container tests are skipped: ${reason}\n`)
  return reason
}

/** Why containers cannot have a network and ports here, or false; said aloud. It needs rights that not every machine grants. */
export function noBridge(): string | false {
  const { code, stderr } = podman('run', '--rm', '--network=bridge', 'docker.io/library/busybox:latest', 'true')
  if (code === 0) return false
  process.stdout.write(`tests with a network are skipped: ${stderr}\n`)
  return 'no bridge network'
}

const built = new Set<string>()

/** Builds an image of that name, from podman's cache where it can; the one it replaces is removed. */
export function build(name: string, ...args: readonly string[]): string {
  const tag = `localhost/foster-test-${name}`
  if (built.has(tag)) return tag
  const idOf = () => podman('images', '-q', '--no-trunc', tag).stdout.trim()
  const before = idOf()
  const { code, stdout, stderr } = podman('build', '--network=host', '-t', tag, ...args)
  if (code !== 0) throw new Error(`podman build ${args.join(' ')}: ${stdout.slice(-4000)}${stderr.slice(-4000)}`)
  if (before !== '' && before !== idOf()) podman('rmi', before)
  built.add(tag)
  return tag
}

/** The image of foster: Debian with foster in it. */
export function fosterImage(): string {
  build('build', '--target', 'build', '.')
  return build('foster', '.')
}

/** The image of examples/nginx-redis. */
export function nginxRedisImage(): string {
  return build('nginx-redis', '--build-arg', `FOSTER_IMAGE=${fosterImage()}`, 'examples/nginx-redis')
}

/** The image whose only content is /opt/foster. */
export const distImage = (): string => build('dist', '--target', 'dist', '.')

/** A run that was cut short may have left containers of a process with the same pid. */
const begun = Date.now().toString(36)
let count = 0
const started = new Set<string>()

/** A name that no other container has. What bears it is removed in the end. */
export function nameFor(): string {
  count += 1
  const name = `foster-test-${process.pid}-${begun}-${count}`
  started.add(name)
  return name
}

/** Runs a container to its end. */
export function run(...options: readonly string[]): Result {
  return podman('run', '--rm', '--name', nameFor(), ...options)
}

/** Starts a container in the background and returns its name. */
export function start(...options: readonly string[]): string {
  const name = nameFor()
  const { code, stderr } = podman('run', '-d', '--name', name, ...options)
  if (code !== 0) throw new Error(`podman run: ${stderr}`)
  return name
}

/** What a container has said so far, on both streams. */
export function said(name: string): string {
  const { stdout, stderr } = podman('logs', name)
  return stdout + stderr
}

/** Waits for a fact that a container is to bring about. */
export async function until<T>(what: string, fact: () => T | undefined | false, millis = 180_000): Promise<T> {
  for (const end = performance.now() + millis; performance.now() < end; await sleep(50)) {
    const value = fact()
    if (value !== undefined && value !== false) return value
  }
  throw new Error(`${what}: not within ${millis} ms`)
}

/** Waits until a container has said something. */
export async function hears(name: string, text: string | RegExp): Promise<void> {
  const isThere = () => (typeof text === 'string' ? said(name).includes(text) : text.test(said(name)))
  await until(`${name} says ${text}`, isThere).catch(error => {
    throw new Error(`${error.message}; it said:\n${said(name)}`)
  })
}

/** Waits for a container's end. */
export const exitCodeOf = (name: string): number => Number(podman('wait', name).stdout)

/** Starts a container again that has ended. Podman refuses while it still clears away what the last run had. */
export async function startAgain(name: string): Promise<void> {
  let refusal = ''
  const isStarted = (): boolean => {
    const { code, stderr } = podman('start', name)
    refusal = stderr
    return code === 0
  }
  await until(`${name} is started again`, isStarted).catch(error => {
    throw new Error(`${error.message}; podman said:\n${refusal}`)
  })
}

/**
 * Stops a container as an operator would who has time: podman's own SIGKILL is not to come before foster's. How long it took
 * to end is told without what podman does afterwards.
 */
export function stop(name: string): { readonly code: number } {
  const begin = Date.now()
  podman('stop', '--time', '60', name)
  const end = Number(podman('inspect', '--format', '{{.State.FinishedAt.UnixMilli}}', name).stdout)
  const code = exitCodeOf(name)
  console.log(`podman stop: ${end - begin} ms, code ${code}`)
  return { code }
}

/** Removes what the tests of a file have started. */
export function removeAll(): void {
  if (started.size > 0) podman('rm', '-f', '-i', '-t', '0', ...started)
  started.clear()
}
