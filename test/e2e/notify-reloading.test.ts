/** sd_notify: a program that says that it reloads, and who is shown that. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { e2e, fixture } from './rig.ts'
import { ask, controlled } from './rig-cli.ts'
import { patience } from './rig-wait.ts'

const atOnce = { start_seconds: '0s' }
const readiness = { notify: true }
const py = `/usr/bin/python3 ${fixture('notify.py')}`
const lacksPython = !existsSync('/usr/bin/python3') && 'needs /usr/bin/python3'

e2e('RELOADING=1 is shown until READY=1 comes again, or the process is another one', async (rig, context) => {
  if (lacksPython) return context.skip(lacksPython)
  const web = rig.puppet('web')
  const program = {
    ...atOnce,
    command: web.command,
    probes: { readiness },
    restart: 'always',
    backoff: { delay: '1ms' },
  }
  const foster = await rig.start(controlled(rig, { programs: { web: program } }))
  const shown = async (what: RegExp): Promise<void> => {
    const until = performance.now() + patience
    for (let said = ''; !what.test(said); said = (await ask(rig, ['status', 'web'])).stdout) {
      assert.ok(performance.now() < until, `${what}: ${said}`)
    }
  }
  await web.up()
  await web.does(`${py} READY=1`)
  await foster.line(/web: ready/)
  await web.does(`${py} 'RELOADING=1\\nMONOTONIC_USEC=1' 'STATUS=Reading'`)
  await shown(/^web +RUNNING .*, ready, reloading, Reading\n$/)
  await web.does(`${py} READY=1`)
  await shown(/, ready, Reading\n$/)
  await web.does(`${py} RELOADING=1`)
  await shown(/, reloading/)
  web.start('exit 1')
  await web.up()
  await shown(/, not ready[^,]*, 1 restart\n$/)
  const { stdout } = await ask(rig, ['events'])
  const said = [...stdout.matchAll(/web: (reloads|has reloaded)$/gm)].map(it => it[1])
  assert.deepEqual(said, ['reloads', 'has reloaded', 'reloads'])
})
