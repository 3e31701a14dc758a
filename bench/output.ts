/** Who passes the output of programs on, and how each is told to: to its own stdout, unchanged or with a prefix. */
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { which } from './peers.ts'
import { children, nameOf } from './proc.ts'

export interface Forwarder {
  readonly name: string
  /** The arguments that make it run the command so many times; undefined: this machine does not have it. */
  readonly argv: (dir: string, command: readonly string[], count: number) => readonly string[] | undefined
  /** The process that passes the output on, of the one that was started. */
  readonly worker: (pid: number) => number
  readonly environment?: (dir: string) => Readonly<Record<string, string>>
}

const names = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `web${index}`)

function written(dir: string, name: string, text: string): string {
  const file = join(dir, name)
  writeFileSync(file, text)
  return file
}

function foster(format: 'raw' | 'prefix' | 'json'): Forwarder {
  return {
    name: `foster ${format}`,
    argv(dir, command, count) {
      const programs = Object.fromEntries(names(count).map(name => [name, { command }]))
      const file = written(dir, 'foster.yaml', JSON.stringify({ programs, log: { format } }))
      return [resolve(process.env.FOSTER_BIN ?? 'dist/foster'), '-c', file]
    },
    worker: pid => pid,
  }
}

const supervisord: Forwarder = {
  name: 'supervisord',
  argv(dir, command, count) {
    const path = which('supervisord')
    const sections = names(count).map(
      name => `[program:${name}]\ncommand=${command.join(' ')}\nstdout_logfile=/dev/fd/1\nstdout_logfile_maxbytes=0\n`,
    )
    const own = `[supervisord]\nnodaemon=true\nuser=root\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile=${dir}/pid\n`
    if (path === undefined) return undefined
    return [path, '-c', written(dir, 'supervisord.conf', own + sections.join(''))]
  },
  worker: pid => pid,
}

/** Its writers share one pipe: so it is in every s6 container with one log. */
const s6Log: Forwarder = {
  name: 's6-log',
  argv(_dir, command, count) {
    const path = which('s6-log')
    const all = Array.from({ length: count }, () => '"$@" &').join(' ')
    if (path === undefined) return undefined
    return ['/bin/sh', '-c', `{ ${all} wait; } | ${path} 1`, 'sh', ...command]
  },
  worker: pid => children(pid).find(it => nameOf(it) === 's6-log') ?? pid,
}

const pm2: Forwarder = {
  name: 'pm2-runtime',
  argv(dir, [script = '', ...args], count) {
    const path = which('pm2-runtime')
    const apps = names(count).map(name => ({
      ...{ name, script: which(script) ?? script, interpreter: 'none', args },
      ...{ out_file: '/dev/null', error_file: '/dev/null' },
    }))
    if (path === undefined) return undefined
    return [path, 'start', '--raw', written(dir, 'pm2.json', JSON.stringify({ apps }))]
  },
  worker: pid => pid,
  environment: dir => ({ PM2_HOME: join(dir, 'pm2') }),
}

/** Foster in each format, then its peers. */
export const forwarders: readonly Forwarder[] = [
  foster('raw'),
  foster('prefix'),
  foster('json'),
  supervisord,
  s6Log,
  pm2,
]
