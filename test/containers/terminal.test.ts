/** `docker run -it`: somebody at a terminal. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { fosterImage, nameFor, removeAll, root, skip } from './podman.ts'
import { inTerminal } from './readme.ts'

suite('a container with a terminal', { skip, timeout: 600_000 }, () => {
  let image = ''
  before(() => {
    image = fosterImage()
  })
  after(removeAll)

  const interactive = (...args: readonly string[]) =>
    inTerminal(`podman run --rm -it --name ${nameFor()} ${args.join(' ')}`, root)

  test('gives a shell its job control', async () => {
    using terminal = interactive('-e PS1=ready:', image, '-- bash --norc --noprofile -i')
    await terminal.sees(/ready:/)
    terminal.type('sleep 1001\n')
    await terminal.sees(/ready:sleep 1001\r\n/)
    await stopping(terminal, '\x03', /\^C\r\n[\s\S]*ready:/)
    terminal.type('echo code $?\n')
    await terminal.sees(/^.*code 130\r$/m)
    terminal.type('sleep 1002\n')
    await terminal.sees(/ready:sleep 1002\r\n/)
    await stopping(terminal, '\x1a', /Stopped +sleep 1002/)
    // Twice, since bash does not leave stopped jobs at the first.
    terminal.type('exit 5\nexit 5\n')
    assert.equal(await terminal.exitCode(), 5)
  })

  test('ends on Ctrl-C with code 0', async () => {
    const inline = 'programs: {one: {command: sleep 1000}, two: {command: sleep 1000}}'
    using terminal = interactive(`-e 'FOSTER_CONFIG_INLINE=${inline}'`, image)
    await terminal.sees(/two: started/)
    terminal.type('\x03')
    assert.equal(await terminal.exitCode(), 0)
    assert.match(terminal.seen, /SIGINT received, stopping/)
    assert.match(terminal.seen, /one: killed by SIGTERM/)
  })

  /** Presses a key until it shows, since a shell needs a moment to put its job in the foreground. */
  async function stopping(terminal: ReturnType<typeof interactive>, key: string, shown: RegExp): Promise<void> {
    const again = setInterval(() => terminal.type(key), 1000)
    await terminal.sees(shown).finally(() => clearInterval(again))
  }
})
