/** Commands at a terminal: tables that fit it, colours, progress, Ctrl-C. */
import assert from 'node:assert/strict'
import { stripVTControlCharacters } from 'node:util'
import { widthOf } from '../../src/cli/width.ts'
import { e2e, type Rig } from './rig.ts'
import { Ask, answering, ask, controlled } from './rig-cli.ts'
import { onTerminal, Pty } from './rig-pty.ts'

const shown = (pty: Pty) => pty.text.replaceAll('\r\n', '\n')

/** Runs a command at a terminal of so many columns; gives what was shown. */
async function atTerminal(rig: Rig, columns: number, args: readonly string[], env: Record<string, string> = {}) {
  const pty = new Pty(24, columns)
  try {
    const stdio = [pty.slave, pty.slave, pty.slave]
    const said = await ask(rig, args, { stdio, via: onTerminal, env: { TERM: 'xterm', ...env } })
    await pty.ends()
    return { ...said, text: shown(pty) }
  } finally {
    pty.close()
  }
}

e2e('status fits the terminal, in colours; NO_COLOR', async rig => {
  const web = rig.puppet('web')
  const programs = {
    web: { command: web.command, start_seconds: 0 },
    bad: {
      command: '/a/path/that/is/rather/long/and/leads/to/nothing/at/all/anywhere',
      critical: false,
      start_retries: 0,
    },
  }
  const foster = await rig.start(controlled(rig, { programs }))
  await web.up()
  await foster.line(/cannot start bad/)
  await answering(rig)
  const { text, code } = await atTerminal(rig, 60, ['status'])
  assert.equal(code, 3)
  assert.ok(text.includes('web  \x1b[32mRUNNING\x1b[0m   pid'), text)
  assert.ok(text.includes('bad  \x1b[31mFATAL\x1b[0m     '), text)
  const lines = stripVTControlCharacters(text).split('\n')
  for (const line of lines) assert.ok(widthOf(line) <= 60 || !line.trim().includes(' '), line)
  const plain = await atTerminal(rig, 60, ['status'], { NO_COLOR: '1' })
  assert.ok(!plain.text.includes('\x1b'), plain.text)
})

e2e('start shows what it waits for, and takes it away again', async rig => {
  const db = rig.puppet('db')
  const programs = {
    db: {
      command: db.command,
      autostart: false,
      probes: { startup: { file: `${rig.dir}/there`, period: '100ms', timeout: '60s', failure_threshold: 1000 } },
    },
    web: { command: ['sleep', '1000'], start_seconds: 0, autostart: false, depends_on: ['db'] },
    other: { command: ['sleep', '1000'] },
  }
  await rig.start(controlled(rig, { programs }))
  await answering(rig)
  const pty = new Pty(24, 80)
  try {
    const command = new Ask(rig, ['start', 'web'], { stdio: [pty.slave, pty.slave, pty.slave], via: onTerminal })
    await pty.shows(/starting \(\d+ s\): web WAITING, waits for db/)
    rig.file('there', '')
    assert.equal((await command.end()).code, 0)
    await pty.shows(/web: started\r\n$/)
    assert.ok(pty.text.endsWith('\r\x1b[Kweb: started\r\n'), pty.text)
  } finally {
    pty.close()
  }
})

e2e('Ctrl-C ends tail -f', async rig => {
  const web = rig.puppet('web')
  await rig.start(controlled(rig, { programs: { web: { command: web.command } } }))
  await web.up()
  await answering(rig)
  const pty = new Pty()
  try {
    const command = new Ask(rig, ['tail', '-f', 'web'], { stdio: [pty.slave, pty.slave, pty.slave], via: onTerminal })
    await web.does('echo hello')
    await pty.shows(/hello\r\n/)
    pty.type('\x03')
    assert.equal((await command.end()).signal, 'SIGINT')
  } finally {
    pty.close()
  }
})
