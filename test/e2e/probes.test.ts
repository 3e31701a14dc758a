/** Every kind of probe that foster tries by itself, against something real. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { e2e, type Rig } from './rig.ts'
import type { Foster } from './rig-foster.ts'
import { freePort, nginxConf } from './rig-net.ts'
import { descriptorsOf } from './rig-proc.ts'
import { limitsOf } from './rig-settings.ts'
import { eventually } from './rig-wait.ts'

const atOnce = { start_seconds: '0s' }
/** Often enough for a test, and never given up; a slow machine alone makes no try fail. */
const often = { period: '50ms', timeout: '1h', failure_threshold: 1000 }

/** A server that is waited for by a program, which the test sees start. */
function gated(rig: Rig, server: object, readiness: object) {
  const api = rig.puppet('api')
  const programs = {
    server: { ...atOnce, ...server, probes: { readiness: { ...often, ...readiness } } },
    api: { ...atOnce, command: api.command, depends_on: { server: 'ready' } },
  }
  return { api, programs }
}

const has = (file: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${file}`], { env: { PATH: `${process.env.PATH}:/usr/sbin` } })
    return true
  } catch {
    return false
  }
}

e2e('http: nginx is asked, and a dependant waits for it', async (rig, context) => {
  if (!has('nginx')) return context.skip('needs nginx')
  const port = await freePort()
  const conf = rig.file('nginx.conf', nginxConf(rig.dir, `listen 127.0.0.1:${port}; location = /ready { return 204; }`))
  const url = `http://localhost:${port}/ready?all`
  const http = { url, headers: { Host: 'shop.example', 'X-From': '%(name)' } }
  const { api, programs } = gated(rig, { command: `/usr/sbin/nginx -e stderr -c ${conf}` }, { http })
  const foster = await rig.start({ programs })
  await api.up()
  await foster.line(/server: ready/)
  const seen = await eventually('nginx wrote its log', () => readFileSync(`${rig.dir}/access.log`, 'utf8'))
  assert.match(seen, /"GET \/ready\?all HTTP\/1\.1" 204 .*"foster-probe\/\d/)
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})

e2e('http: nginx over a unix socket', async (rig, context) => {
  if (!has('nginx')) return context.skip('needs nginx')
  const conf = rig.file('nginx.conf', nginxConf(rig.dir, `listen unix:${rig.dir}/n.sock; return 200;`))
  const http = `http://unix:${rig.dir}/n.sock:/`
  const { api, programs } = gated(rig, { command: `/usr/sbin/nginx -e stderr -c ${conf}` }, { http })
  await rig.start({ programs })
  await api.up()
})

e2e('http: nginx with a certificate that nobody knows', async (rig, context) => {
  if (!has('nginx') || !has('openssl')) return context.skip('needs nginx and openssl')
  const [key, certificate] = [`${rig.dir}/key.pem`, `${rig.dir}/cert.pem`]
  const self = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=nobody']
  execFileSync('openssl', [...self, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
  const port = await freePort()
  const tls = `listen 127.0.0.1:${port} ssl; ssl_certificate ${certificate}; ssl_certificate_key ${key}; return 200;`
  const conf = rig.file('nginx.conf', nginxConf(rig.dir, tls))
  const { api, programs } = gated(
    rig,
    { command: `/usr/sbin/nginx -e stderr -c ${conf}` },
    { http: `https://localhost:${port}/` },
  )
  await rig.start({ programs })
  await api.up()
})

e2e('http: no proxy is asked, whatever the environment says', async rig => {
  const asked: (string | undefined)[] = []
  const server = createServer((request, response) => {
    asked.push(request.headers.host)
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const dead = `http://127.0.0.1:${await freePort()}`
  const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: dead, http_proxy: dead, ALL_PROXY: dead }
  const { api, programs } = gated(rig, { command: 'sleep 1000' }, { http: `http://localhost:${port}/` })
  await rig.start({ programs }, { env })
  await api.up()
  server.close()
  assert.deepEqual([...new Set(asked)], [`localhost:${port}`])
})

e2e('tcp: redis is waited for', async (rig, context) => {
  if (!has('redis-server')) return context.skip('needs redis-server')
  const port = await freePort()
  const command = `redis-server --port ${port} --bind 127.0.0.1 --save '' --dir ${rig.dir}`
  const { api, programs } = gated(rig, { command }, { tcp: port })
  const foster = await rig.start({ programs })
  await api.up()
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})

e2e('file: a path in the directory of the program', async rig => {
  const server = rig.puppet('server')
  const { api, programs } = gated(rig, { command: server.command, working_dir: rig.dir }, { file: 'ready' })
  const foster = await rig.start({ programs })
  await server.up()
  await server.does('ln -s nothing $dir/ready')
  assert.doesNotMatch(foster.output.stderr, /api: started/)
  await server.does('touch $dir/nothing')
  await api.up()
})

e2e('log and fd: the program tells by itself', async rig => {
  const [talker, writer, api] = [rig.puppet('talker'), rig.puppet('writer'), rig.puppet('api')]
  const foster = await rig.start({
    programs: {
      talker: { ...atOnce, command: talker.command, probes: { readiness: { log: '^listening on \\d+$' } } },
      writer: { ...atOnce, command: writer.command, probes: { readiness: { fd: 5 } } },
      api: { ...atOnce, command: api.command, depends_on: ['talker', 'writer'] },
    },
  })
  await talker.up()
  await talker.does('echo not listening on 80; echo listening on 80 >&2')
  await foster.line(/talker: ready/)
  await writer.up()
  assert.doesNotMatch(foster.output.stderr, /api: started/)
  await writer.does('echo >&5')
  await api.up()
})

e2e(
  'exec: as the user, in the environment and the directory of the program',
  async rig => {
    const look = 'echo "$(id -u):$(id -g):$(id -G) $(pwd) $HOME $MODE $TOKEN $FOSTER_NAME" >/dev/stderr; exit 3'
    const secret = rig.file('token', 's3cret\n', 0o600)
    const server = {
      ...atOnce,
      command: 'sleep 1000',
      ...{
        user: '33:12345',
        working_dir: '/usr',
        environment: { MODE: 'test', HOME: '/h' },
        secrets: { TOKEN: secret },
      },
      probes: { readiness: { exec: ['sh', '-c', look], ...often, failure_threshold: 1 } },
    }
    const foster = await rig.start({ programs: { server } }, { binary: rig.reachable() })
    const [, said = ''] = await foster.line(/server: not ready: exited with code 3: (.*)/)
    assert.match(said, /^33:12345:[\d ]+ \/usr \/h test s3cret server$/)
    assert.doesNotMatch(said.split(' /usr')[0] ?? '', /(?<!\d)0(?!\d)/)
  },
  'root',
)

/** Soft limits are set around the spawn; the hard one, and a higher oom_score_adj, take the process that becomes it. */
for (const [how, limits, most] of [
  ['', { core: { soft: 0 } }, 'as foster has it'],
  [', hard ones too', { core: { soft: 0 }, nofile: { soft: 77, hard: 99 }, as: 2 ** 30 }, '99'],
] as const) {
  e2e(
    `exec and stop_command: with umask, nice, groups and limits of the program${how}`,
    async rig => {
      const look = 'echo "$(id -G) $(umask) $(nice) $(ulimit -Sc) $(ulimit -Hn)"'
      const own = { umask: '027', nice: 3, user: '33:12345', groups: ['4801'], ulimits: limits }
      const asked = rig.file('asked', '', 0o666)
      const server = {
        ...{ ...atOnce, ...own, command: ['sh', '-c', `${look}; exec sleep 1000`] },
        stop_command: ['sh', '-c', `${look} >${asked}; kill $MAINPID`],
        probes: { readiness: { exec: ['sh', '-c', `${look}; exit 3`], ...often, failure_threshold: 1 } },
      }
      const foster = await rig.start({ programs: { server } }, { binary: rig.reachable() })
      const [, said = ''] = await foster.line(/server: not ready: exited with code 3: (.*)/)
      const hard = most === '99' ? most : String(limitsOf(foster.pid).nofile?.hard)
      assert.equal(said, `12345 4801 0027 3 0 ${hard}`)
      // The program says the same, at a time of its own.
      await foster.line(new RegExp(`^${said}$`))
      foster.kill('SIGTERM')
      assert.equal((await foster.exit()).code, 0)
      assert.deepEqual([readFileSync(asked, 'utf8'), foster.output.stdout], [`${said}\n`, `${said}\n`])
    },
    'root',
  )
}

e2e('exec: through the process that becomes it, the time counts from the beginning, and nothing is left', async rig => {
  const [flag, tries] = [join(rig.dir, 'go'), rig.file('tries', '')]
  const exec = ['sh', '-c', `[ -e ${flag} ] && echo >>${tries} && exit 0; echo waiting; sleep 1001 & sleep 1002`]
  const readiness = { exec, ...often, timeout: '300ms', failure_threshold: 1 }
  const server = { ...atOnce, command: 'sleep 1000', ulimits: { core: 0, locks: 9 }, probes: { readiness } }
  const foster = await rig.start({ programs: { server } })
  for (let turn = 1; ; turn++) {
    await foster.lineCount(/server: not ready: timed out after 300ms/, turn)
    rig.file('go', '')
    await foster.lineCount(/server: ready/, turn)
    if (foster.lines.some(it => it.endsWith('timed out after 300ms: waiting'))) break
    // 300 ms were too short to say it: once more.
    rmSync(flag)
  }
  const count = (): number => Object.keys(descriptorsOf(foster.pid)).length
  const [before, done] = [count(), readFileSync(tries).length]
  await eventually('20 tries are over', () => readFileSync(tries).length > done + 20)
  // A try that is under way has some.
  await eventually(`no more than ${before} descriptors and those of a try`, () => count() <= before + 10)
})

e2e('exec: a command that cannot be executed with limits is told as without', async rig => {
  const said: string[] = []
  for (const ulimits of [{}, { locks: 9 }]) {
    const readiness = { exec: '/no/such', ...often, failure_threshold: 1 }
    const foster = await rig.start({
      programs: { server: { ...atOnce, command: 'sleep 1000', ulimits, probes: { readiness } } },
    })
    said.push((await foster.line(/server: not ready: (.*)/))[1] ?? '')
  }
  assert.deepEqual(said, ['could not be started: /no/such: not found', said[0]])
})

const isProgramAlone = (foster: Foster): boolean =>
  foster
    .others()
    .map(it => it.argv.join(' '))
    .join() === 'sleep 1000'

e2e('exec: at the timeout its whole group is killed', async rig => {
  const [begun, enough] = [join(rig.dir, 'begun'), join(rig.dir, 'enough')]
  const check = rig.file('check.sh', `[ -e ${enough} ] && exit 0; sleep 1001 & sleep 1002 & touch ${begun}; wait`)
  const readiness = { exec: ['sh', check], period: '500ms', timeout: '300ms', failure_threshold: 1 }
  const foster = await rig.start({ programs: { server: { ...atOnce, command: 'sleep 1000', probes: { readiness } } } })
  await foster.line(/server: not ready: timed out after 300ms/)
  await eventually('one got as far as that', () => existsSync(begun))
  rig.file('enough', '')
  await foster.line(/server: ready/)
  await eventually('only the program is left', () => isProgramAlone(foster))
})

e2e('exec: what a command leaves behind is killed, and holds up nothing', async rig => {
  const server = {
    ...atOnce,
    command: 'sleep 1000',
    probes: { readiness: { exec: ['sh', '-c', 'sleep 1001 & exit 0'], period: '1h', timeout: '1h' } },
  }
  const foster = await rig.start({ programs: { server } })
  await foster.line(/server: ready/)
  await eventually('only the program is left', () => isProgramAlone(foster))
})

e2e('exec: hundreds at once lose no status and leave nothing', async rig => {
  const names = Array.from({ length: 100 }, (_, i) => `p${i}`)
  const orphans = 'i=0; while [ $i -lt 20 ]; do (sh -c "exit 7" &); i=$((i+1)); done; exec sleep 1000'
  const programs = names.map((name, i) => {
    const exec = ['sh', '-c', `echo said ${i}; exit ${i === 0 ? 0 : (i % 200) + 1}`]
    const probe = { exec, period: '1h', timeout: '1h', failure_threshold: 1 }
    return [name, { ...atOnce, command: ['sh', '-c', orphans], probes: { readiness: probe } }] as const
  })
  const foster = await rig.start({ programs: Object.fromEntries(programs), shutdown: { timeout: '1m' } })
  await foster.line(/ p0: ready/)
  for (let i = 1; i < names.length; i++) {
    await foster.line(new RegExp(` p${i}: not ready: exited with code ${i + 1}: said ${i}$`))
  }
  await eventually('only the programs are left, their orphans behind them', () => {
    const left = foster.others()
    return left.length === names.length && left.every(it => it.argv[0] === 'sleep')
  })
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})
