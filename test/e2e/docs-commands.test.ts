/** The commands for a running foster that the README and the documentation name, as they are written, beside its programs. */
import assert from 'node:assert/strict'
import { readFileSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { commandsIn } from '../docs-commands.ts'
import { e2e } from './rig.ts'
import { binary } from './rig-foster.ts'

const from = (page: string, beginning: RegExp): readonly string[] =>
  commandsIn(readFileSync(resolve(page), 'utf8')).filter(it => beginning.test(it))

/** A variable is tried by what `foster config` makes of it. */
const commands = [
  ...from('README.md', /^(foster|source) /),
  ...from('docs/supervisor.md', /^foster /),
  ...from('docs/kubernetes.md', /^foster /),
  ...from('docs/api.md', /^curl /),
  ...from('docs/configuration.md', /^foster /),
  ...from('docs/configuration.md', /^FOSTER_/).map(it => `export ${it}; foster config >/dev/null`),
]

/** They go on until somebody has seen enough. */
const goesOn = (command: string): boolean => / -f |follow=1/.test(command)

const supervisor = '[supervisord]\n[program:web]\ncommand=sleep 1000\n'
const file = {
  programs: { web: { command: 'sleep 1000' }, redis: { command: 'sleep 1000' }, 'php-fpm': { command: 'sleep 1' } },
}

e2e(
  'each does what it is for',
  async rig => {
    symlinkSync(binary, join(rig.dir, 'foster'))
    rig.file('foster.yaml', JSON.stringify(file))
    rig.file('supervisord.conf', supervisor)
    const lines = commands.map((command, i) => {
      rig.file(`command-${i}`, `${command}\n`)
      const run = `timeout 60 bash command-${i} >output-${i} 2>errors-${i}`
      const enough = `until [ -s output-${i} ] || ! kill -0 $! 2>/dev/null; do sleep 0.02; done; kill $!; wait $!`
      return `${run} ${goesOn(command) ? `& ${enough}` : ''}; echo "ended ${i} $?"`
    })
    const script = rig.file(
      'reader.sh',
      [
        // The machine's own stays as it is: the mounts of this foster are its own.
        'mkdir -p /etc/supervisor && mount -t tmpfs none /etc/supervisor && cp supervisord.conf /etc/supervisor/',
        `export PATH=${rig.dir}:$PATH; unset FOSTER_SOCKET FOSTER_NAME FOSTER_GROUP FOSTER_REPLICA`,
        ...lines,
        'echo all',
        '',
      ].join('\n'),
    )
    const shell = { shell: true, command: 'echo here; exec sleep 1000', start_seconds: 0 }
    const reader = {
      kind: 'task',
      critical: false,
      command: ['bash', script],
      depends_on: { web: 'ready', worker: 'ready' },
    }
    const foster = await rig.start({ programs: { web: shell, worker: shell, reader } })
    for (const i of commands.keys()) await foster.line(new RegExp(`^reader \\| ended ${i} `))
    await foster.line(/^reader \| all$/)
    const ended = foster.lines.flatMap(line => {
      const [, i, code] = /^reader \| ended (\d+) (\d+)$/.exec(line) ?? []
      return i === undefined ? [] : [{ command: commands[Number(i)] ?? '', code: Number(code), i }]
    })
    assert.equal(ended.length, commands.length)
    assert.ok(commands.length >= 17, `only ${commands.length}`)
    for (const { command, code, i } of ended) {
      const said = ['output', 'errors'].map(it => readFileSync(join(rig.dir, `${it}-${i}`), 'utf8')).join('')
      assert.equal(code, goesOn(command) ? 143 : 0, `${command}\n${said}`)
    }
    foster.kill('SIGTERM')
    await foster.exit()
  },
  'root',
)
