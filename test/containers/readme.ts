/** The commands of a README, as a reader would copy them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { root } from './podman.ts'

/** The indented lines of an example's README, in order; those that end with a backslash are joined to the next. */
export function commandsOf(example: string): readonly string[] {
  const text = readFileSync(join(root, 'examples', example, 'README.md'), 'utf8')
  const lines = text.split('\n').filter(line => line.startsWith('    '))
  return lines
    .map(line => line.slice(4))
    .join('\n')
    .replaceAll(/ *\\\n */g, ' ')
    .split('\n')
}

/** READMEs say `docker`; here that is podman, with what the machine's network needs. */
const docker = (network: string) => `#!/bin/sh
command=$1
shift
case $command in
  build) exec podman build --network=host "$@" ;;
  run) exec podman run --network=${network} --label foster-test "$@" ;;
  *) exec podman "$command" "$@" ;;
esac
`

/** A folder with a command `docker`, to be put first on the PATH; its containers have this network. */
export function dockerFolder(network = 'bridge'): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'foster-docker-'))
  writeFileSync(join(path, 'docker'), docker(network))
  chmodSync(join(path, 'docker'), 0o755)
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

/** The environment of somebody at a shell: without what npm has put there for its scripts. */
export function shellEnvironment(...first: readonly string[]): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_TEST|^INIT_CWD$|^FOSTER_/.test(name))
  const path = (process.env.PATH ?? '').split(delimiter).filter(it => !it.includes('node_modules'))
  return { ...Object.fromEntries(own), PATH: [...first, ...path].join(delimiter) }
}

/** A command in a terminal of its own; what is written to its stdin is typed. */
export function inTerminal(command: string, cwd: string, env = shellEnvironment()): Terminal {
  const child = spawn('script', ['-qefc', command, '/dev/null'], { cwd, env, stdio: ['pipe', 'pipe', 'inherit'] })
  return new Terminal(child)
}

export class Terminal {
  #child: ChildProcess
  #seen = ''
  #exit: Promise<number | null>

  constructor(child: ChildProcess) {
    this.#child = child
    this.#exit = new Promise(resolve => child.on('close', resolve))
    child.stdout?.on('data', chunk => {
      this.#seen += chunk
    })
  }

  get seen(): string {
    return this.#seen
  }

  type(text: string): void {
    this.#child.stdin?.write(text)
  }

  /** Waits until the pattern is on the screen. */
  async sees(pattern: RegExp, millis = 180_000): Promise<RegExpExecArray> {
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>()
    const look = () => {
      const found = pattern.exec(this.#seen)
      if (found) resolve(found)
    }
    const timer = setTimeout(() => reject(new Error(`no ${pattern} in:\n${this.#seen}`)), millis)
    this.#child.stdout?.on('data', look)
    this.#child.on('close', () => reject(new Error(`ended without ${pattern}:\n${this.#seen}`)))
    look()
    return promise.finally(() => clearTimeout(timer))
  }

  /** The exit code of the command, which is about to end. */
  async exitCode(millis = 60_000): Promise<number | null> {
    const { promise, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(new Error(`it does not end:\n${this.#seen}`)), millis)
    return Promise.race([this.#exit, promise]).finally(() => clearTimeout(timer))
  }

  /** Ends it, whatever it does. */
  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL')
  }
}
