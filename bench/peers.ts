/** The inits that are measured: where they are, and how each is told to run the same programs. */
import { execFileSync } from 'node:child_process'
import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  readFileSync,
  realpathSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** Programs for an init: each a shell script of its own, so that they cost the same under all of them. */
export interface Work {
  readonly count: number
  /** The script of each program, after `#!/bin/sh`. */
  readonly script: string
  /** It is to be asked for its status: supervisord has a socket only if it is told to. */
  readonly isAsked?: boolean
  /** Programs from this one on are configured but not started. Default: all are started. */
  readonly started?: number
  /** Each depends on up to three others, which foster alone can say. */
  readonly graph?: boolean
  /** The wait before each restart of foster's. Default: none. */
  readonly backoff?: string
}

export interface Peer {
  readonly name: string
  readonly version: string
  /** The arguments that make it the init of one command. */
  readonly command?: (argv: readonly string[]) => string[]
  /** Writes a configuration into a directory; gives the arguments that make it the init of those programs. */
  readonly configure?: (dir: string, work: Work) => string[]
  /** The arguments of its client that prints the status of the programs in that directory. */
  readonly status?: (dir: string) => string[]
  /** Asks it to stop everything and exit. */
  readonly stop: NodeJS.Signals
  readonly environment?: (dir: string) => Record<string, string>
}

const program = 'bench-program'

/** Whether a process of that name is a program, not part of an init. */
export const isProgram = (name: string): boolean => name.startsWith(program) || name === 'run'

function script(file: string, text: string): string {
  writeFileSync(file, `#!/bin/sh\n${text}\n`)
  chmodSync(file, 0o755)
  return file
}

const each = <T>({ count }: Work, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))
const isStarted = ({ count, started = count }: Work, index: number): boolean => index < started

/** The scripts of all programs, in the directory. */
function scripts(dir: string, work: Work): string[] {
  return each(work, i => script(join(dir, `${program}-${i}`), work.script))
}

function fosterFile(dir: string, work: Work): string {
  const programs = scripts(dir, work).map(
    (path, i) => `  p${i}:
    command: [${path}]
    restart: always
    start_retries: -1
    backoff: {delay: ${work.backoff ?? '0'}, max: ${work.backoff ?? '30s'}}
    start_seconds: ${work.graph ? 0 : 1}
    depends_on: [${work.graph ? dependenciesOf(i).join(', ') : ''}]
${isStarted(work, i) ? '' : '    autostart: false\n'}`,
  )
  const file = join(dir, 'foster.yaml')
  writeFileSync(file, `control: {socket: ${dir}/control.sock}\nprograms:\n${programs.join('')}`)
  return file
}

/** Up to three programs before this one, the same at every run. */
function dependenciesOf(index: number): string[] {
  const found = new Set<string>()
  let state = index + 1
  for (let i = 0; i < Math.min(index, 3); i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    found.add(`p${state % index}`)
  }
  return [...found]
}

function supervisordFile(dir: string, work: Work): string {
  const programs = scripts(dir, work).map(
    (path, i) => `[program:p${i}]
command=${path}
autostart=${isStarted(work, i)}
autorestart=true
startretries=1000000
stdout_logfile=/dev/fd/1
stdout_logfile_maxbytes=0
stderr_logfile=/dev/fd/2
stderr_logfile_maxbytes=0
`,
  )
  const file = join(dir, 'supervisord.conf')
  const own = `[supervisord]\nnodaemon=true\nuser=root\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile=${dir}/pid\n`
  const socket = `unix://${dir}/control.sock`
  const asked = `[unix_http_server]\nfile=${dir}/control.sock
[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]\nserverurl=${socket}\n`
  writeFileSync(file, own + (work.isAsked ? asked : '') + programs.join(''))
  return file
}

/** A directory of service directories, as s6 and runit have it. */
function scanDirectory(dir: string, work: Work): string {
  const services = join(dir, 'services')
  mkdirSync(services)
  each(work, i => {
    mkdirSync(join(services, `p${i}`))
    script(join(services, `p${i}`, 'run'), work.script)
    if (!isStarted(work, i)) writeFileSync(join(services, `p${i}`, 'down'), '')
  })
  // runsvdir waits out the second in which its directory was made.
  utimesSync(services, 0, 0)
  return services
}

function pm2File(dir: string, work: Work): string {
  const apps = scripts(dir, work).map((path, i) => ({ name: `p${i}`, script: path, interpreter: 'none' }))
  const file = join(dir, 'ecosystem.config.json')
  writeFileSync(file, JSON.stringify({ apps }))
  return file
}

/** The path of a program, or undefined if the machine does not have it. */
export function which(name: string): string | undefined {
  for (const dir of (process.env.PATH ?? '').split(':')) {
    try {
      const path = resolve(dir, name)
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not in this one.
    }
  }
  return undefined
}

/** The version of Debian's package, if this is Debian. */
function packaged(name: string): string {
  try {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own language
    return execFileSync('dpkg-query', ['-W', '-f', '${Version}', name], { encoding: 'utf8', stdio: 'pipe' })
  } catch {
    return 'of unknown version'
  }
}

function fosterPeer(): Peer {
  const file = resolve(process.env.FOSTER_BIN ?? 'dist/foster')
  const [, version = ''] = execFileSync(file, ['--version'], { encoding: 'utf8' }).trim().split(' ')
  return {
    name: 'foster',
    version,
    stop: 'SIGTERM',
    command: argv => [file, '--', ...argv],
    configure: (dir, work) => [file, '-c', fosterFile(dir, work)],
    status: dir => [file, 'status', '--socket', `${dir}/control.sock`],
  }
}

type Make = (path: string) => Omit<Peer, 'name'>

const makers: ReadonlyMap<string, Make> = new Map<string, Make>([
  ...(['tini', 'dumb-init', 'catatonit'] as const).map((name): [string, Make] => [
    name,
    path => ({
      version: packaged(name),
      stop: 'SIGTERM',
      command: argv => [path, '--', ...argv],
    }),
  ]),
  [
    'supervisord',
    path => ({
      version: packaged('supervisor'),
      stop: 'SIGTERM',
      configure: (dir, work) => [path, '-c', supervisordFile(dir, work)],
      status: dir => [join(dirname(path), 'supervisorctl'), '-c', join(dir, 'supervisord.conf'), 'status'],
    }),
  ],
  [
    's6-svscan',
    path => ({
      version: packaged('s6'),
      stop: 'SIGTERM',
      configure: (dir, work) => [path, '-c', '2000', scanDirectory(dir, work)],
    }),
  ],
  [
    'runsvdir',
    // TERM makes it leave without a word to its programs; HUP tells the supervisors to stop them.
    path => ({
      version: packaged('runit'),
      stop: 'SIGHUP',
      configure: (dir, work) => [path, '-P', scanDirectory(dir, work)],
    }),
  ],
  [
    'pm2-runtime',
    path => ({
      version: pm2Version(path),
      stop: 'SIGTERM',
      configure: (dir, work) => [path, 'start', pm2File(dir, work)],
      environment: dir => ({ PM2_HOME: join(dir, 'pm2') }),
    }),
  ],
])

function pm2Version(path: string): string {
  try {
    return JSON.parse(readFileSync(join(dirname(realpathSync(path)), '..', 'package.json'), 'utf8')).version
  } catch {
    return 'of unknown version'
  }
}

/** Foster first, then what the machine has; and the names of what it has not. */
export function findPeers(): { peers: readonly Peer[]; missing: readonly string[] } {
  const peers = [fosterPeer()]
  const missing: string[] = []
  for (const [name, make] of makers) {
    const path = which(name)
    if (path === undefined) missing.push(name)
    else peers.push({ name, ...make(path) })
  }
  return { peers, missing }
}
