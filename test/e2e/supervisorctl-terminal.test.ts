/** supervisorctl at a terminal, Debian's and foster's own, with foster and with supervisord. */
import { type ChildProcess, spawn } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { binary } from './rig-foster.ts'
import { onTerminal, Pty } from './rig-pty.ts'
import { four, type Pair, same, withSupervisor, written } from './rig-supervisorctl.ts'

/** A client at a terminal. */
class AtTerminal {
  readonly pty = new Pty()
  readonly #child: ChildProcess
  readonly #gone: Promise<number | null>

  constructor({ server, client }: Pair, file: string, ...args: readonly string[]) {
    const { slave } = this.pty
    const command = client === 'own' ? [file] : ['supervisorctl']
    const [setsid = '', ...rest] = [...onTerminal, ...command, '-c', server.config, ...args]
    this.#child = spawn(setsid, rest, { stdio: [slave, slave, slave], env: { ...process.env, TERM: 'xterm' } })
    this.#gone = new Promise(done => this.#child.once('exit', done))
  }

  /** Types it when this is shown. */
  async when(pattern: RegExp, text: string): Promise<void> {
    await this.pty.shows(pattern)
    this.pty.type(text)
  }

  /** What was shown, and the exit code. */
  async end(): Promise<string> {
    const code = await this.#gone
    await this.pty.ends()
    const bell = '\x07'
    const text = stripVTControlCharacters(this.pty.text)
      .replaceAll(bell, '')
      .replace(/\r|\^C/g, '')
    return `${text}exit ${code}\n`
  }

  close(): void {
    this.#child.kill('SIGKILL')
    this.pty.close()
  }
}

const prompt = /supervisor> \S{0,5}$/

withSupervisor('at a terminal: completion, confirmation, Ctrl-C, Ctrl-D, fg', rig =>
  four(rig, async pairs => {
    await Promise.all(pairs.map(({ server }) => written(server)))
    const link = join(rig.dir, 'supervisorctl')
    symlinkSync(binary, link)
    const typed = async (pair: Pair, args: readonly string[], body: (at: AtTerminal) => Promise<void>) => {
      const at = new AtTerminal(pair, link, ...args)
      try {
        await body(at)
        return await at.end()
      } finally {
        at.close()
      }
    }
    const shell = (pair: Pair) =>
      typed(pair, [], async at => {
        await at.when(prompt, 'stat')
        await at.when(/stat$/, '\t')
        await at.when(/us $/, 'ca')
        await at.when(/ca$/, '\t')
        await at.when(/t $/, '\r')
        await at.when(prompt, 'version\r')
        await at.when(prompt, 'shutdown\r')
        await at.when(/y\/N\? \S{0,5}$/, 'n\r')
        await at.when(prompt, '\x04')
      })
    await same('a session', pairs, shell, /supervisor> version\n4\.2\.5\n/)
    // In Debian's, Ctrl-C sometimes comes where Python takes it for a failure to connect, and after fg its end takes up to
    // half a minute, until its thread has something to read.
    const own = pairs.filter(it => it.client === 'own')
    const foreground = (pair: Pair) =>
      typed(pair, [], async at => {
        await at.when(prompt, 'fg cat\r')
        await at.when(/to exit <==\r\n/, 'hello\r')
        await at.when(/hello[\s\S]*hello/, '\x03')
        await at.when(prompt, '\x04')
      })
    await same('fg', own, foreground, /hello\nhello\n/)
    const following = (pair: Pair) =>
      typed(pair, [], async at => {
        await at.when(prompt, 'tail -f file\r')
        await at.when(/line 5 89\r\n$/, '\x03')
        await at.when(prompt, '\x03')
      })
    await same('Ctrl-C in tail -f', own, following, /line 5 89\n\nsupervisor> \nexit 0\n$/)
    const login = (pair: Pair) =>
      typed(pair, ['-u', 'x', '-i', 'version'], async at => {
        await at.when(/Username:/, 'user\r')
        await at.when(/Password:/, 'secret\r')
      })
    await same('a login', pairs, login, /Password:\n+4\.2\.5\nexit 0/)
  }),
)
