/** `syslog` of Supervisor's files: lines as datagrams to /dev/log, which may not be there. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { e2e, fixture } from './rig.ts'
import { eventually } from './rig-wait.ts'

/** A /dev of foster's own, in which /dev/log leads to the test's directory. */
const ownDev = (dir: string): readonly string[] => {
  const script = `d=${dir}/dev; mkdir $d; mount -t tmpfs none $d
for n in null zero random urandom; do touch $d/$n; mount --bind /dev/$n $d/$n; done
ln -s /proc/self/fd $d/fd; ln -s ${dir}/log.sock $d/log; mount --move $d /dev; exec "$@"`
  return ['sh', '-ec', script, 'sh']
}

e2e(
  'lines go to /dev/log; where nobody reads it that is said once, and again when somebody does',
  async rig => {
    const web = rig.puppet('web')
    const command = web.command.map(word => `'${word.replaceAll("'", `'"'"'`)}'`).join(' ')
    const file = rig.file(
      'supervisord.conf',
      `[supervisord]\n[program:web]\ncommand=${command}\nstdout_syslog=true\nstderr_logfile=syslog\n`,
    )
    const foster = await rig.start(['-c', file], { via: ownDev(rig.dir) })
    await web.up()
    await web.does('echo lost; echo lost; echo lost')
    await foster.line(/syslog: cannot write to \/dev\/log: ENOENT; lines are lost/)
    const path = join(rig.dir, 'log.sock')
    const log = spawn('/usr/bin/python3', [fixture('syslog.py'), path], { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    log.stdout.setEncoding('utf8').on('data', (more: string) => (text += more))
    try {
      await eventually('it listens', () => existsSync(path))
      await web.does('echo one; echo two >&2; printf part')
      const [, lost] = await foster.line(/\/dev\/log takes lines again; (\d) were lost/)
      await eventually('both have come', () => /web one\n/.test(text) && /web two\n/.test(text))
      assert.match(text, /^<14>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d supervisord: web (one|two|lost)\n/)
      // Those that foster had not read yet when somebody began to listen have come, too.
      assert.equal(Number(lost) + (text.match(/web lost\n/g)?.length ?? 0), 3)
      foster.kill('SIGTERM')
      await foster.exit()
      await eventually('the last line has come', () => /web part\n/.test(text))
      assert.equal(foster.output.stderr.match(/cannot write to/g)?.length, 1)
      assert.doesNotMatch(foster.output.stderr + foster.output.stdout, /\| two/)
    } finally {
      log.kill('SIGKILL')
      rmSync(path, { force: true })
    }
  },
  'root',
)
