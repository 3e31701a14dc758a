/** What the shells complete: each is asked itself, beside a foster that runs. */
import assert from 'node:assert/strict'
import { e2e, type Rig } from './rig.ts'
import { Ask, answering, ask, controlled } from './rig-cli.ts'
import { binary } from './rig-foster.ts'
import { onTerminal, Pty } from './rig-pty.ts'

async function withNames(rig: Rig): Promise<void> {
  const programs = {
    web: { command: ['sleep', '1000'], replicas: 2, group: 'front' },
    worker: { command: ['sleep', '1000'] },
  }
  await rig.start(controlled(rig, { programs }))
  await answering(rig)
}

/** What bash would offer for a line. */
const bash = `source <("$1" completion bash)
COMP_LINE=$2 COMP_POINT=\${#2} COMP_WORDS=("$1" \${2#* }) COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
[[ $2 == *' ' ]] && COMP_CWORD=$(( COMP_CWORD + 1 ))
_foster
printf '%s\\n' "\${COMPREPLY[@]}"`

e2e('bash completes commands, options, values and names, also behind a colon', async rig => {
  await withNames(rig)
  const offers = async (line: string) => {
    const given = await ask(rig, [line], { via: ['bash', '-c', bash, 'bash'] })
    assert.equal(given.code, 0, given.stderr)
    return given.stdout.trimEnd().split('\n')
  }
  assert.deepEqual(await offers('foster sta'), ['status', 'start'])
  assert.deepEqual(await offers('foster restart w'), ['web:0', 'web:1', 'worker'])
  assert.deepEqual(await offers('foster restart web:'), ['0', '1'], 'what is before the colon stands there already')
  assert.deepEqual(await offers('foster restart f'), ['front:*'])
  assert.deepEqual(await offers('foster graph --format d'), ['dot'])
  assert.deepEqual(await offers('foster health --l'), ['--live'])
  assert.ok((await offers('foster stop ')).includes('all'))
})

/** Types into a zsh, with a `foster` that tells what it was called with; names still come from the real one. */
const zsh = (path: string): string => `autoload -Uz compinit; compinit -D -u; PS1= RPS1=
foster() { if [[ $1 == completion ]]; then ${path} "$@"; else print -r -- "<$*>"; fi }
source <(foster completion zsh)
print -r -- re'ady'
`

e2e(
  'zsh completes commands, options, values and names',
  async rig => {
    await withNames(rig)
    const pty = new Pty(24, 200)
    const { slave } = pty
    const shell = new Ask(rig, [], {
      ...{ via: [...onTerminal, 'zsh'], binary: '-fi', stdio: [slave, slave, slave] },
      env: { TERM: 'dumb' },
    })
    try {
      pty.type(zsh(binary))
      await pty.shows(/^ready/m)
      const completes = async (typed: string, whole: string) => {
        pty.type(`${typed}\t\n`)
        assert.equal((await pty.shows(/<(.*)>/))[1]?.trimEnd(), whole)
      }
      await completes('foster heal', 'health')
      await completes('foster restart wo', 'restart worker')
      await completes('foster restart f', 'restart front:*')
      await completes('foster graph --format d', 'graph --format dot')
      await completes('foster health --l', 'health --live')
    } finally {
      shell.child.kill('SIGKILL')
      pty.close()
    }
  },
  'zsh',
)

e2e(
  'fish completes commands, options, values and names',
  async rig => {
    await withNames(rig)
    const script = 'source (FOSTER completion fish | psub); function foster; FOSTER $argv; end; complete -C LINE'
    const offers = async (line: string) => {
      const text = script.replaceAll('FOSTER', binary).replace('LINE', `'${line}'`)
      const given = await ask(rig, [text], { via: ['fish', '--no-config'], binary: '-c', env: { HOME: rig.dir } })
      assert.equal(given.code, 0, given.stderr)
      return given.stdout
        .trimEnd()
        .split('\n')
        .map(it => it.split('\t')[0])
    }
    assert.deepEqual(await offers('foster sta'), ['start', 'status'])
    assert.deepEqual(await offers('foster restart w'), ['web:0', 'web:1', 'worker'])
    assert.deepEqual(await offers('foster restart f'), ['front:*'])
    assert.deepEqual(await offers('foster graph --format d'), ['dot'])
    assert.deepEqual(await offers('foster health --l'), ['--live'])
  },
  'fish',
)
