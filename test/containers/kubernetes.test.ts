/**
 * `examples/kubernetes`, run by `podman play kube`: as it is, and with the processes of all containers in one namespace,
 * where foster is not PID 1. What the kubelet does and podman does not, the test does: it asks the probes, and there is a
 * file at /dev/termination-log.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, suite, test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { exitCodeOf, nginxRedisImage, noBridge, podman, root, said, skip, startAgain, until } from './podman.ts'
import { commandsOf } from './readme.ts'

const file = join(root, 'examples/kubernetes/pod.yaml')
const text = readFileSync(file, 'utf8')
const container = 'visits-visits'

interface Pod {
  readonly data: Readonly<Record<string, string>>
  readonly spec: {
    readonly terminationGracePeriodSeconds: number
    readonly containers: readonly [
      Readonly<Record<(typeof probes)[number], { readonly httpGet: { path: string; port: number } }>> & {
        readonly image: string
      },
    ]
  }
}
const [map, pod] = parseAllDocuments(text).map(it => it.toJS() as Pod)

const probes = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const
const urlOf = (probe: (typeof probes)[number]): string => {
  const { path, port } = pod?.spec.containers[0][probe]?.httpGet ?? assert.fail(`the pod has no ${probe}`)
  return `http://127.0.0.1:${port}${path}`
}

/** What the kubelet would be told; undefined: nobody answers. */
async function statusOf(url: string): Promise<number | undefined> {
  return fetch(url, { headers: { connection: 'close' } }).then(
    it => it.text().then(() => it.status),
    () => undefined,
  )
}

/** Waits for an answer of a probe. */
async function answers(probe: (typeof probes)[number], status: number): Promise<void> {
  for (const end = performance.now() + 180_000; performance.now() < end; ) {
    if ((await statusOf(urlOf(probe))) === status) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  assert.fail(`${probe} does not answer with ${status}:\n${said(container)}`)
}

suite('the pod of examples/kubernetes', { skip: skip || noBridge(), timeout: 1_200_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'foster-pod-'))
  const log = join(folder, 'termination-log')
  const down = (): void => void podman('pod', 'rm', '-f', '-i', '-t', '0', 'visits')

  before(() => {
    podman('tag', nginxRedisImage(), 'localhost/nginx-redis')
    down()
  })
  afterEach(down)
  after(() => {
    podman('volume', 'rm', '-f', 'visits')
    podman('untag', 'localhost/nginx-redis', 'localhost/nginx-redis')
    rmSync(folder, { recursive: true })
  })

  /** The example with a file for the termination message, and its container left as it has ended. */
  function variant(sharesProcesses: boolean): string {
    writeFileSync(log, '')
    chmodSync(log, 0o666)
    const changed = text
      .replace('\nspec:\n', `\nspec:\n  restartPolicy: Never\n  shareProcessNamespace: ${sharesProcesses}\n`)
      // The test, too, has to see it within this time.
      .replace('delay: 3s', 'delay: 10s')
      .replace('volumeMounts:\n', 'volumeMounts:\n        - {name: log, mountPath: /dev/termination-log}\n')
      .replace('  volumes:\n', `  volumes:\n    - {name: log, hostPath: {path: ${log}, type: File}}\n`)
    assert.equal(changed.match(/restartPolicy|shareProcess|name: log|delay: 10s/g)?.length, 5)
    const path = join(folder, `pod-${sharesProcesses}.yaml`)
    writeFileSync(path, changed)
    return path
  }

  const inside = (script: string): string => podman('exec', container, 'sh', '-c', script).stdout

  for (const sharesProcesses of [false, true]) {
    test(`serves, answers, says why it ended and stops${sharesProcesses ? ', beside others' : ''}`, async () => {
      const played = podman('play', 'kube', variant(sharesProcesses))
      assert.equal(played.code, 0, played.stderr)
      for (const probe of probes) await answers(probe, 200)
      assert.match(await (await fetch('http://127.0.0.1:8080/')).text(), /^visit 1\n$/)
      assert.equal(inside('cat /proc/1/comm').trim() === 'foster', !sharesProcesses)
      assert.match(
        inside('id; grep -E "^(CapBnd|NoNewPrivs)" /proc/self/status; touch /x || echo read-only'),
        /^uid=12345.*gid=12345.*\n(CapBnd:\t0{16}|NoNewPrivs:\t1)\n(CapBnd:\t0{16}|NoNewPrivs:\t1)\nread-only\n$/s,
      )
      assert.match(inside('/opt/foster/foster status'), /nginx +RUNNING .*, ready$/m)

      inside('kill -9 $(pidof redis-server)')
      assert.equal(exitCodeOf(container), 137)
      const { program, cause, signal, exit_code } = JSON.parse(readFileSync(log, 'utf8'))
      const expected = { program: 'redis', cause: 'program', signal: 'KILL', exit_code: 137 }
      assert.deepEqual({ program, cause, signal, exit_code }, expected)

      await startAgain(container)
      await answers('readinessProbe', 200)
      const stopping = spawn('podman', ['stop', '--time', '60', container], { stdio: 'ignore' })
      const stopped = new Promise(resolve => stopping.on('close', resolve))
      // Who balances the load hears of it, and the requests that still come meanwhile are answered.
      await answers('readinessProbe', 503)
      assert.equal(await statusOf(urlOf('livenessProbe')), 200)
      assert.equal(await statusOf('http://127.0.0.1:8080/'), 200)
      await stopped
      assert.equal(exitCodeOf(container), 0)
      assert.match(said(container), /nginx: exited with code 0(.*\n)*.*app: killed by SIGTERM(.*\n)*.*redis: exited/)
    })
  }

  test('has the kubelet wait a second longer than foster', () => {
    const [, timeout] = /timeout: (\d+)s/.exec(map?.data['foster.yaml'] ?? '') ?? []
    assert.equal(pod?.spec.terminationGracePeriodSeconds, Number(timeout) + 1)
  })

  test('is run by the commands of its README', async () => {
    // There is no cluster here: podman is given the same file.
    const shown = commandsOf('kubernetes')
    assert.ok(shown.includes(`docker build -t ${pod?.spec.containers[0].image} examples/nginx-redis`))
    const commands = shown.filter(it => /^(podman|curl) /.test(it))
    assert.equal(commands.length, 5)
    for (const command of commands) {
      const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: root, encoding: 'utf8' })
      assert.equal(status, 0, `${command}\n${stdout}${stderr}`)
      if (/play kube (?!--down)/.test(command)) await answers('readinessProbe', 200)
    }
    await until('the pod is gone', () => podman('pod', 'exists', 'visits').code === 1)
  })
})
