/** What a single request holds up: how long another one waits beside it, which signals and ended children would as well. */
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { type Figure, interleave } from '../figure.ts'
import { inSpace } from '../space.ts'

const count = 100
const rounds = 10
const longest = 'the longest wait'
const alone = '/v1/version-that-is-not-there'
const paths = [
  '/v1/status',
  '/v1/programs',
  '/v1/logs',
  '/v1/events',
  '/v1/health',
  '/v1/graph',
  '/v1/config',
  '/v1/openapi.json',
]

export const requests: Figure = {
  name: 'requests',
  about: 'what each kind of request holds up',
  measure: async bench => {
    const subjects = [alone, ...paths].map(path => ({
      row: path === alone ? 'nothing else is asked' : `GET ${path}`,
      run: async () => ({ [longest]: await measure(path) }),
    }))
    const samples = await interleave(bench, 'requests', bench.runs ?? 2, subjects)
    return {
      title: 'What a request holds up',
      notes: [
        `${count} programs, each of which has written 200 lines. Small requests are made one after another while the large one is answered, ${rounds} times: the longest that one of them took.`,
        'Goal: no request holds up a signal or an ended child by more than 20 ms.',
      ],
      columns: [{ title: longest, unit: 'ms' }],
      reference: 'nothing else is asked',
      samples: samples.rows,
    }
  },
}

async function measure(path: string): Promise<number> {
  return await inSpace(async space => {
    const socket = join(space.dir, 'control.sock')
    const script = `i=0; while [ $i -lt 200 ]; do echo "line $i of what a program has to say"; i=$((i+1)); done`
    const command = ['sh', '-c', `${script}; echo up > ${space.marks}; exec sleep 1000`]
    const programs = Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, { command }]))
    const file = join(space.dir, 'foster.yaml')
    writeFileSync(file, JSON.stringify({ programs, control: { socket } }))
    await space.start([resolve(process.env.FOSTER_BIN ?? 'dist/foster'), '-c', file])
    await space.mark('up', count)
    // The first requests load HTTP and are compiled.
    for (let i = 0; i < rounds; i++) await Promise.all([ask(socket, path), ask(socket, alone)])
    let most = 0
    for (let i = 0; i < rounds; i++) {
      let isOver = false
      const large = ask(socket, path).then(() => {
        isOver = true
      })
      do most = Math.max(most, await ask(socket, alone))
      while (!isOver)
      await large
    }
    return most
  })
}

/** The milliseconds that one request takes, on a connection of its own. */
async function ask(path: string, target: string): Promise<number> {
  const begin = performance.now()
  const socket = connect(path)
  const { promise, resolve: done, reject } = Promise.withResolvers<void>()
  socket.on('error', reject).on('close', () => done())
  socket.resume()
  socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  await promise
  return performance.now() - begin
}
