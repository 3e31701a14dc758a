/** `docker run -it foster -- CMD`: job control, Ctrl-C, Ctrl-Z, resizing, hanging up, and what is left of the terminal. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dumbInit, foster, type Init, type Replayed, replay, tini } from './replay-inits.ts'
import type { Options, Rig } from './rig.ts'
import type { Foster } from './rig-foster.ts'
import { processFacts } from './rig-proc.ts'
import { onTerminal, Pty } from './rig-pty.ts'
import { eventually } from './rig-wait.ts'

const ctrlC = '\x03'
const ctrlD = '\x04'
const ctrlZ = '\x1a'

/** How an init is started whose standard descriptors are the terminal, which is its own. */
const on = (pty: Pty): Options => ({ via: onTerminal, stdio: [pty.slave, pty.slave, pty.slave] })

/** One case for several inits, each with a terminal. */
function onPty(
  name: string,
  inits: readonly Init[],
  body: (pty: Pty, init: Replayed, rig: Rig) => Promise<void>,
): void {
  replay(name, inits, async (rig, init) => {
    const pty = new Pty()
    try {
      await body(pty, init, rig)
    } catch (error) {
      throw new Error(`the terminal showed ${JSON.stringify(pty.text)}`, { cause: error })
    } finally {
      pty.close()
    }
  })
}

const codeOf = async (run: Foster) => (await run.exit()).code

/** The code, once all is shown. */
async function endOf(pty: Pty, run: Foster): Promise<number | null> {
  const code = await codeOf(run)
  await pty.ends()
  return code
}

/** `INIT -- CMD` on the terminal, once CMD has the foreground: the pid of CMD. */
async function inForeground(pty: Pty, run: Foster): Promise<number> {
  return eventually('CMD is in the foreground', () => {
    const { foreground } = pty
    const own = processFacts(run.pid)?.argv[0]
    const cmd = run.others().find(it => it.group === foreground && it.argv[0] !== own)
    return foreground > 0 && cmd?.pid
  })
}

/** Waits until `sleep SECONDS` runs in the foreground. */
async function inFront(pty: Pty, run: Foster, seconds: string): Promise<void> {
  await eventually(`sleep ${seconds} is in the foreground`, () => {
    const found = run.others().find(it => it.argv[1] === seconds)
    return found?.state === 'S' && found.group === pty.foreground
  })
}

/** A shell that does what its traps say and nothing else. */
const traps = (...lines: readonly string[]) =>
  [
    'sh',
    '-c',
    [...lines.map(it => `trap ${it}`), 'echo ready', 'while :; do sleep 1000 & wait; done'].join('; '),
  ] as const

const all = [foster, tini, dumbInit]
const bash = ['bash', '--norc', '--noprofile', '-i']

onPty('bash has job control', all, async (pty, init) => {
  const run = await init.command(bash, on(pty))
  pty.type('echo "<$->"\n')
  assert.match((await pty.shows(/<(\w+)>\r\n/))[1] ?? '', /m/)
  pty.type('exit 7\n')
  assert.equal(await endOf(pty, run), 7)
  assert.doesNotMatch(pty.text, /job control|ioctl/i)
})

onPty('Ctrl-C ends a plain sleep: 130', all, async (pty, init) => {
  const run = await init.command(['sleep', '1000'], on(pty))
  await inForeground(pty, run)
  pty.type(ctrlC)
  assert.equal(await codeOf(run), 130)
})

onPty('Ctrl-C ends a shell and what it runs: 130', all, async (pty, init) => {
  const run = await init.command(['sh', '-c', 'sleep 1000; exit 9'], on(pty))
  await inFront(pty, run, '1000')
  pty.type(ctrlC)
  assert.equal(await codeOf(run), 130)
})

onPty('Ctrl-C is heard once', all, async (pty, init) => {
  const run = await init.command(traps("'echo interrupted' INT", "'exit 5' TERM"), on(pty))
  await pty.shows(/ready/)
  pty.type(ctrlC)
  await pty.shows(/interrupted/)
  run.kill('SIGTERM')
  assert.equal(await endOf(pty, run), 5)
  assert.equal(pty.text.match(/interrupted/g)?.length, 1)
})

onPty('the end of input reaches CMD: tac', all, async (pty, init) => {
  const run = await init.command(['tac'], on(pty))
  await inForeground(pty, run)
  pty.type(`1\n2\n3\n${ctrlD}`)
  await pty.shows(/3\r\n2\r\n1\r\n$/)
  assert.equal(await codeOf(run), 0)
})

onPty('Ctrl-Z does not freeze the container', [foster], async (pty, init) => {
  const run = await init.command(traps("'echo continued' CONT", "'exit 5' TERM"), on(pty))
  await pty.shows(/ready/)
  pty.type(ctrlZ)
  await pty.shows(/continued/)
  run.kill('SIGTERM')
  assert.equal(await codeOf(run), 5)
})

onPty('Ctrl-Z stops CMD for ever', [tini], async (pty, init) => {
  const run = await init.command(['sleep', '1000'], on(pty))
  const pid = await inForeground(pty, run)
  pty.type(ctrlZ)
  await eventually('CMD is stopped', () => processFacts(pid)?.state === 'T')
})

onPty("Ctrl-Z, jobs and fg are the shell's", all, async (pty, init) => {
  const run = await init.command(bash, on(pty))
  pty.type('sleep 1234\n')
  await inFront(pty, run, '1234')
  pty.type(ctrlZ)
  await pty.shows(/Stopped +sleep 1234\r\n/)
  pty.type('jobs\n')
  await pty.shows(/Stopped +sleep 1234\r\n/)
  pty.type('fg\n')
  await inFront(pty, run, '1234')
  pty.type(ctrlC)
  pty.type('echo "<$?>"; exit 3\n')
  await pty.shows(/<130>\r\n/)
  assert.equal(await codeOf(run), 3)
})

onPty('a change of size is heard once', all, async (pty, init) => {
  const run = await init.command(traps("'stty size' WINCH", "'exit 5' TERM"), on(pty))
  await pty.shows(/ready/)
  pty.resize(40, 100)
  await pty.shows(/40 100\r\n/)
  run.kill('SIGTERM')
  assert.equal(await endOf(pty, run), 5)
  assert.equal(pty.text.match(/40 100/g)?.length, 1)
})

onPty('hanging up ends CMD: 129', all, async (pty, init) => {
  const run = await init.command(['sleep', '1000'], on(pty))
  await inForeground(pty, run)
  pty.hangUp()
  assert.equal(await codeOf(run), 129)
})

onPty('HUP to the init reaches CMD once, and no CONT with it', all, async (pty, init, rig) => {
  const heard = rig.file('heard', '')
  const argv = traps(`'echo HUP >>${heard}' HUP`, `'echo CONT >>${heard}' CONT`, "'exit 5' TERM")
  const run = await init.command(argv, on(pty))
  await pty.shows(/ready/)
  run.kill('SIGHUP')
  await eventually('HUP was heard', () => readFileSync(heard, 'utf8') !== '')
  run.kill('SIGTERM')
  assert.equal(await codeOf(run), 5)
  assert.equal(readFileSync(heard, 'utf8'), 'HUP\n')
})

onPty('a terminal left raw is put in order', [foster], async (pty, init) => {
  const before = pty.settings
  const run = await init.command(['sh', '-c', 'stty raw -echo; echo ready; read -r line; kill -KILL $$'], on(pty))
  await pty.shows(/ready/)
  assert.notDeepEqual(pty.settings, before)
  pty.type('\n')
  assert.equal(await codeOf(run), 137)
  assert.deepEqual(pty.settings, before)
})

onPty('the terminal is given back to who had it before', [foster, tini], async (pty, init) => {
  // A shell that has the terminal runs the init as its child and reads from the terminal after it.
  const after = `"$@"; read -r line; echo "after: $line"; stty size; exit 4`
  const below = `exec setsid --ctty sh -c '${after}' sh "$@"`
  const stdio = [pty.slave, pty.slave, pty.slave]
  const run = await init.command(['sh', '-c', 'echo ready; read -r line; exit 0'], { below, stdio })
  await pty.shows(/ready/)
  pty.type('one\n')
  await eventually('CMD has ended', () => processFacts(run.pid) === undefined)
  pty.type('two\n')
  if (init.name === 'foster') await pty.shows(/after: two\r\n24 80\r\n/)
  assert.equal(await endOf(pty, run), 4)
  // As the background job that it is by then, the shell after tini cannot read.
  if (init.name === 'tini') assert.doesNotMatch(pty.text, /after: two/)
})

onPty('CMD keeps the terminal from a background init', [foster], async (pty, init) => {
  // The shell in front stays in front: foster is a job in its background, as `foster -- CMD &` is.
  const below = `exec setsid --ctty bash -m -c '"$@" & wait $!; code=$?; read -r line; echo "front: $line"; exit $code' sh "$@"`
  const run = await init.command(['sh', '-c', 'echo ready; exit 6'], {
    below,
    stdio: [pty.slave, pty.slave, pty.slave],
  })
  await pty.shows(/ready/)
  pty.type('line\n')
  await pty.shows(/front: line/)
  assert.equal(await codeOf(run), 6)
})

const service = { command: "sh -c 'echo up; exec sleep 1000'", start_seconds: '0s' }

onPty('a program with `tty: true` is the foreground job', [foster], async (pty, _, rig) => {
  const run = await rig.start(
    { programs: { web: service, console: { command: bash, tty: true, restart: 'never' } } },
    on(pty),
  )
  await pty.shows(/web .*up\r\n/)
  pty.type('echo "<$->"; sleep 1234\n')
  assert.match((await pty.shows(/<(\w+)>\r\n/))[1] ?? '', /m/)
  await inFront(pty, run, '1234')
  pty.type(ctrlC)
  pty.type('echo "<$?>"\n')
  await pty.shows(/<130>\r\n/)
  await eventually('the other program lives', () => run.others().some(it => it.argv[1] === '1000'))
  pty.type('exit 3\n')
  assert.equal(await codeOf(run), 3)
})

onPty('a configuration and CMD on a terminal: CMD has it', [foster], async (pty, _, rig) => {
  const config = rig.file('two.yaml', JSON.stringify({ programs: { web: service } }))
  const run = await rig.start(['-c', config, '--', ...bash], on(pty))
  await pty.shows(/web .*up\r\n/)
  pty.type('echo "<$->"; sleep 1234\n')
  assert.match((await pty.shows(/<(\w+)>\r\n/))[1] ?? '', /m/)
  await inFront(pty, run, '1234')
  pty.type(ctrlZ)
  await pty.shows(/Stopped +sleep 1234/)
  pty.type('fg\n')
  await inFront(pty, run, '1234')
  pty.type(ctrlC)
  pty.type('exit 3\n')
  assert.equal(await codeOf(run), 3)
})

const stubborn = (argv: readonly string[]) => ({
  programs: { web: { command: argv, stop_grace_period: '60s', start_seconds: '0s' } },
  shutdown: { timeout: '90s' },
})

onPty('one Ctrl-C stops the programs of a configuration', [foster], async (pty, _, rig) => {
  const argv = traps("'echo stopping; exit 0' TERM", "'echo interrupted' INT")
  const run = await rig.start(stubborn(argv), on(pty))
  await pty.shows(/ready/)
  pty.type(ctrlC)
  assert.equal(await endOf(pty, run), 0)
  assert.match(pty.text, /stopping/)
  assert.doesNotMatch(pty.text, /interrupted/)
})

onPty('two Ctrl-C at once are one; another one later kills', [foster], async (pty, _, rig) => {
  const argv = traps("'echo stopping' TERM", "'echo alive' USR1")
  const run = await rig.start(stubborn(argv), on(pty))
  await pty.shows(/ready/)
  // They are at once however slowly foster runs: it looks when both have come.
  run.kill('SIGSTOP')
  pty.type(`${ctrlC}${ctrlC}x`)
  await pty.shows(/x/)
  run.kill('SIGCONT')
  await pty.shows(/stopping/)
  run.kill('SIGUSR1')
  await pty.shows(/alive/)
  await eventually('it is killed at last', () => {
    if (!run.isOver) pty.type(ctrlC)
    return run.isOver
  })
  assert.equal(await codeOf(run), 137)
})
