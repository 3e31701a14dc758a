/** FastCGI programs: the socket that they share, with foster and with supervisord. */
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, lstatSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { e2e, fixture } from './rig.ts'
import { soon } from './rig-api.ts'
import { freePort } from './rig-net.ts'
import { withSupervisor } from './rig-supervisorctl.ts'
import { eventually, patience } from './rig-wait.ts'
import { assertSame, masked, type Peer, peer } from './supervisor-peer.ts'

type Where = { readonly path: string } | { readonly host: string; readonly port: number }

/** What somebody says who accepts there: his name and uid; or why there is nobody. */
const answerOf = (where: Where): Promise<string> =>
  new Promise(done => {
    let text = ''
    const socket = connect(where, () => socket.setEncoding('utf8').on('data', (more: string) => (text += more)))
    const silent = (): void => void socket.destroy(new Error('somebody listens, and nobody accepts'))
    socket.setTimeout(patience / 2, silent)
    socket
      .on('end', () => done(text.trim()))
      .on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
  })

/** Waits until all of these have answered. */
async function allAnswer(where: Where, wanted: readonly string[]): Promise<void> {
  const heard = new Set<string>()
  await soon(`${wanted.join(' and ')} answer`, async () => {
    heard.add(await answerOf(where))
    return wanted.every(it => heard.has(it))
  })
}

const script = fixture('fcgi.py')
const isRoot = process.getuid?.() === 0

/** `odd` needs foster's wrapper, of which supervisord knows nothing; as root, `app` is somebody else's. */
const programs = (port: number): string => `
[fcgi-program:app]
command=/usr/bin/python3 DIR/fcgi.py
process_name=%(program_name)s_%(process_num)d
numprocs=2
socket=unix://DIR/%(program_name)s.sock
startsecs=0
${isRoot ? 'user=nobody' : ''}
[fcgi-program:odd]
command=/usr/bin/python3 DIR/fcgi.py
socket=tcp://localhost:${port}
startsecs=0
nice=1
oom_score_adj=900
`

/** All that happens to one of the two; what its client says. */
async function told({ dir, who, ctl }: Peer, port: number): Promise<string> {
  const path = join(dir, 'app.sock')
  const uid = isRoot ? 65_534 : process.getuid?.()
  const both = [`app_0 ${uid}`, `app_1 ${uid}`]
  const text: string[] = []
  const tell = async (...args: readonly string[]): Promise<void> => void text.push(await ctl(...args))
  await allAnswer({ path }, both)
  await allAnswer({ host: '127.0.0.1', port }, [`odd ${process.getuid?.()}`])
  const before = lstatSync(path)
  assert.deepEqual([before.uid, before.mode & 0o777], [uid, 0o700], who)
  await tell('restart', 'app:app_0')
  await allAnswer({ path }, both)
  assert.equal(lstatSync(path).ino, before.ino, 'the socket stays while one has it')
  await tell('stop', 'app:app_1')
  assert.equal(await answerOf({ path }), both[0])
  await tell('status')
  await tell('stop', 'app:app_0', 'odd')
  // supervisord closes the socket and leaves the file; foster removes it.
  assert.equal(await answerOf({ path }), who === 'foster' ? 'ENOENT' : 'ECONNREFUSED')
  assert.equal(await answerOf({ host: '127.0.0.1', port }), 'ECONNREFUSED')
  await tell('start', 'app:*', 'odd')
  await allAnswer({ path }, both)
  await allAnswer({ host: '127.0.0.1', port }, [`odd ${process.getuid?.()}`])
  return text.join('')
}

withSupervisor('the processes of a program share a socket, as with supervisord', async rig => {
  copyFileSync(script, join(rig.dir, 'fcgi.py'))
  const story = async (who: Peer['who']): Promise<string> => {
    const port = await freePort()
    const one = await peer(rig, who, programs(port).replaceAll('DIR/fcgi.py', join(rig.dir, 'fcgi.py')))
    try {
      return masked(await told(one, port), one)
    } finally {
      await one.end()
      if (one.foster !== undefined) {
        one.foster.kill('SIGTERM')
        assert.equal((await one.foster.exit()).code, 0)
        assert.ok(!existsSync(join(one.dir, 'app.sock')), 'it is gone at the end')
      }
    }
  }
  const [theirs, ours] = await Promise.all([story('supervisord'), story('foster')])
  assertSame(ours, theirs, 'what supervisorctl says')
})

e2e('a socket that cannot be made is a failed start, tried again', async rig => {
  const live = join(rig.dir, 'live.sock')
  const server = createServer().listen(live)
  await eventually('somebody listens', () => existsSync(live))
  writeFileSync(join(rig.dir, 'file'), 'precious')
  const section = (name: string, socket: string, more = ''): string =>
    `[fcgi-program:${name}]\ncommand=/usr/bin/python3 ${script}\nsocket=unix://${rig.dir}/${socket}\nstartsecs=0\n${more}`
  const rest = `${section('gone', 'no/a.sock', 'startretries=0\n')}${section('file', 'file', 'startretries=0\n')}`
  const text = `[supervisord]\nnodaemon=true\n${section('busy', 'live.sock', 'startretries=1000\n')}${rest}`
  const foster = await rig.start(['-c', rig.file('s.conf', text)])
  const url = (name: string): string => `Could not create FastCGI socket unix://${rig.dir}/${name}: `
  const says = (words: string): Promise<unknown> => eventually(words, () => foster.output.stderr.includes(words))
  await says(`${url('live.sock')}EADDRINUSE`)
  await says(`${url('no/a.sock')}ENOENT`)
  await says(`${url('file')}it is there already`)
  await new Promise(done => server.close(done))
  await allAnswer({ path: live }, [`busy ${process.getuid?.()}`])
})
