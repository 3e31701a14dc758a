/** What programs find in their environment: files read at the start, secrets read at each start; and foster config. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the text of configurations and of shell
import assert from 'node:assert/strict'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { e2e } from './rig.ts'

const patient = { restart: 'always', backoff: { delay: '10ms', jitter: 0 } }

e2e("a secret is read at each start, in foster's own credentials", async rig => {
  const secret = rig.file('secret', 'first\n', 0o600)
  const web = rig.puppet('web')
  await rig.start({ programs: { web: { command: web.command, secrets: { KEY: secret }, ...patient } } })
  await web.up()
  assert.equal(await web.tells('echo $KEY'), 'first')
  rig.file('secret', 'second', 0o600)
  web.start('exit 1')
  await web.up()
  assert.equal(await web.tells('echo $KEY'), 'second')
})

e2e('a secret that is missing refuses the start, and a later try finds it', async rig => {
  const web = rig.puppet('web')
  const path = join(rig.dir, 'late')
  const foster = await rig.start({
    programs: {
      web: { command: web.command, secrets: { KEY: path }, start_retries: -1, ...patient },
      gone: { command: 'true', secrets: { KEY: join(rig.dir, 'never') }, start_retries: 0, critical: false },
    },
  })
  await foster.line(new RegExp(`cannot start web: cannot read secret KEY from ${path}: there is no such file`))
  await foster.line(/gone: .*given up|gone: .*FATAL|cannot start gone: cannot read secret KEY/)
  rig.file('late', 'here\n')
  await web.up()
  assert.equal(await web.tells('echo $KEY'), 'here')
})

e2e('environment > secrets > env_file > the top level > inherited', async rig => {
  const web = rig.puppet('web')
  rig.file('top.env', 'A=top-file\nB=top-file\nC=top-file\nD=top-file\nE=top-file\n')
  rig.file('web.env', 'A=file\nB=file\nC=file\n')
  rig.file('secret', 'secret\n')
  const config = rig.file(
    'foster.yaml',
    JSON.stringify({
      env_file: 'top.env',
      environment: { A: 'top', B: 'top', C: 'top', D: 'top' },
      programs: {
        web: {
          ...{ command: web.command, env_file: ['web.env'], secrets: { A: 'secret', B: 'secret' } },
          ...{ environment: { A: 'own' }, env_inherit: ['PATH', 'KEPT_*'] },
        },
      },
    }),
  )
  const env = { A: 'inherited', KEPT_F: 'inherited', LEFT: 'inherited' }
  await rig.start(['-c', config], { env })
  await web.up()
  const found = await web.tells('echo $A $B $C $D $E $KEPT_F ${LEFT-none}')
  assert.equal(found, 'own secret file top top-file inherited none')
})

e2e('what foster config prints runs like what it was made of', async rig => {
  const web = rig.puppet('web')
  mkdirSync(join(rig.dir, 'conf.d'))
  rig.file('conf.d/web.yaml', JSON.stringify({ programs: { web: { command: web.command } } }))
  const text = 'include: [conf.d/*.yaml]\ndefaults: {environment: {A: "$${x} %%(name) %(name)"}}\n'
  const config = await rig.start(['config', '--show-secrets', '-c', rig.file('foster.yaml', text)])
  assert.equal((await config.exit()).code, 0)
  rmSync(join(rig.dir, 'conf.d'), { recursive: true })
  await rig.start(['-c', rig.file('printed.yaml', config.output.stdout)])
  await web.up()
  assert.equal(await web.tells('echo "$A"'), '${x} %(name) web')
  const masked = await rig.start(['config', '--origins', '-c', join(rig.dir, 'printed.yaml')])
  assert.equal((await masked.exit()).code, 0)
  assert.match(masked.output.stdout, /A: "\*\*\*" +# .*printed\.yaml:\d+\n/)
})

e2e('foster check --json', async rig => {
  const check = await rig.start(['check', '--json', '-c', rig.file('bad.yaml', 'programs: {web: {comand: x}}')])
  assert.equal((await check.exit()).code, 2)
  const { ok, diagnostics } = JSON.parse(check.output.stdout)
  assert.deepEqual([ok, diagnostics[0].code, diagnostics[0].line, diagnostics[0].column], [false, 'unknown-key', 1, 18])
  assert.equal(check.output.stderr, '')
})

e2e('a configuration without end is not read to its end', async rig => {
  const check = await rig.start(['check', '-c', '/dev/zero'])
  assert.equal((await check.exit()).code, 2)
  assert.match(check.output.stderr, /larger than 1 MiB/)
})

e2e('a Procfile', async rig => {
  const foster = await rig.start(['-c', rig.file('Procfile', '# foreman\nweb: echo hi $((1 + 1)) | cat\n')])
  assert.equal((await foster.exit()).code, 0)
  assert.match(foster.output.stdout, /hi 2/)
})
