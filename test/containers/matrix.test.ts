/**
 * The same `/opt/foster` in images that have little in common, under what container runtimes do to it; and the npm package
 * where there is Node. One container for each: its programs look at all of it, and end it.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { build, distImage, fosterImage, nameFor, podman, removeAll, root, skip } from './podman.ts'
import { shellEnvironment } from './readme.ts'

/** Two programs: one has an orphan reaped and a signal passed on, the other gets it and ends the container with code 7. */
const configuration = `
programs:
  web:
    shell: true
    command: trap "echo got USR1; exit 7" USR1; echo up; while :; do sleep 0.02; done
    stop_scope: process
    restart: never
    probes: {startup: {log: ^up$, failure_threshold: 100}}
  driver:
    depends_on: [web]
    restart: never
    command:
      - sh
      - -c
      - |
        trap "" USR1
        n=0; orphan=$(sleep 0.02 >/dev/null & echo $!)
        while [ -e /proc/$orphan ] && [ $n -lt 3000 ]; do n=$((n+1)); sleep 0.02; done
        [ -e /proc/$orphan ] && echo zombie || echo reaped
        echo id $(id -u):$(id -g); echo parent $PPID
        grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status
        (echo >/written) 2>/dev/null && echo written || echo not written
        ls -l /proc/$PPID/fd/1
        cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null
        kill -USR1 $PPID
        exec sleep 1000
`

interface Circumstance {
  readonly options: readonly string[]
  /** What the programs find if it is in force. */
  readonly shows: RegExp
}

const circumstances: Readonly<Record<string, Circumstance>> = {
  'as root': { options: [], shows: /id 0:0\n.*parent 1\n/s },
  'as uid 12345, gid 0': { options: ['--user', '12345:0'], shows: /id 12345:0\n.*not written/s },
  'on a read-only root': { options: ['--read-only', '--read-only-tmpfs=false'], shows: /id 0:0\n.*not written/s },
  'without capabilities': {
    options: ['--cap-drop=all'],
    shows: /CapEff:\s+0{16}\n.*CapBnd:\s+0{16}\n|CapBnd:\s+0{16}\n.*CapEff:\s+0{16}\n/s,
  },
  'with no-new-privileges': { options: ['--security-opt', 'no-new-privileges'], shows: /NoNewPrivs:\s+1\n/ },
  'below another init': { options: ['--init'], shows: /parent ([2-9]|\d\d+)\n/ },
  'in 64 MB of memory': { options: ['--memory', '64m'], shows: /^driver \| 67108864$/m },
  'at a terminal': { options: ['-it'], shows: /fd\/1 -> \/dev\/pts\/\d+\n/ },
  'with all of this at once': {
    options: [
      ...['--user', '12345:0', '--read-only', '--read-only-tmpfs=false', '--cap-drop=all', '--security-opt'],
      ...['no-new-privileges', '--init', '-it'],
    ],
    shows: /id 12345:0\n.*NoNewPrivs:\s+1\n.*not written\n.*\/dev\/pts/s,
  },
}

/** Where foster's own executable and Node's could differ. */
const ofTheirOwn: ReadonlySet<string> = new Set(['as root', 'in 64 MB of memory', 'with all of this at once'])

suite('the same foster', { skip, timeout: 1_200_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'foster-matrix-'))
  const images = new Map<string, string>()
  const noLimit = skip || reasonForNoLimit()

  before(() => {
    const from = (name: string, ...lines: readonly string[]): void => {
      writeFileSync(join(folder, name), `${lines.join('\n')}\n`)
      images.set(name, build(`matrix-${name}`, '-f', join(folder, name), folder))
    }
    const copied = [`COPY --from=${distImage()} /opt/foster /opt/foster`, 'ENTRYPOINT ["/opt/foster/foster"]']
    from('debian', 'FROM docker.io/library/debian:bookworm-slim', ...copied)
    from('node', 'FROM docker.io/library/node:26-bookworm-slim', ...copied)
    from('busybox', 'FROM docker.io/library/busybox:latest', ...copied)
    const pack = ['pack', join(root, 'dist/npm'), `--pack-destination=${folder}`, '--silent']
    const tarball = execFileSync('npm', pack, { encoding: 'utf8', env: shellEnvironment(), cwd: folder }).trim()
    from(
      'npm',
      'FROM docker.io/library/node:26-bookworm-slim',
      `COPY ${tarball} /tmp/`,
      `RUN npm install --global --offline /tmp/${tarball} && rm /tmp/${tarball}`,
      'ENTRYPOINT ["foster"]',
    )
  })
  after(() => {
    removeAll()
    rmSync(folder, { recursive: true })
  })

  for (const image of ['debian', 'node', 'busybox', 'npm']) {
    for (const [name, { options, shows }] of Object.entries(circumstances)) {
      if (image === 'npm' && !ofTheirOwn.has(name)) continue
      test(`${image}, ${name}`, { skip: name.includes('64 MB') && noLimit }, () => {
        const { code, said } = runOf([...options, images.get(image) ?? ''])
        assert.equal(code, 7, said)
        assert.match(said, /^driver \| reaped$/m)
        assert.match(said, /^web {4}\| got USR1$/m)
        assert.match(said, shows)
        assert.match(
          said,
          /^foster \| the critical program web is over \(exited with code 7\): the container ends with code 7/m,
        )
        assert.match(said, /^foster \| driver: killed by SIGTERM/m)
      })
    }
  }
})

/** docs/troubleshooting.md: without the line, the kernel may find foster larger than what the program had time to take. */
suite('in 64 MB of memory', { skip: skip || reasonForNoLimit() }, () => {
  after(removeAll)
  test('it is the program that takes too much that is killed, where oom_score_adj says so', () => {
    const programs = 'programs: {web: {command: sleep 1000}, greedy: {command: tail /dev/zero, restart: never}}'
    const inline = `FOSTER_CONFIG_INLINE=${programs}\ndefaults: {oom_score_adj: 500}`
    const limits = ['--memory', '64m', '--memory-swap', '64m', '--timeout', '300']
    const { code, stderr } = podman('run', '--rm', '--name', nameFor(), ...limits, '-e', inline, fosterImage())
    assert.equal(code, 137, stderr)
    assert.match(stderr, /^foster \| greedy: killed by SIGKILL \(out of memory\)/m)
    assert.match(stderr, /^foster \| web: killed by SIGTERM/m)
  })
})

/** Runs a container, at a terminal of its own where it wants one. */
function runOf(options: readonly string[]): { code: number | null; said: string } {
  const variables = ['-e', 'NO_COLOR=1', '-e', 'FOSTER_CONFIG_INLINE']
  const args = ['run', '--rm', '--timeout', '300', '--name', nameFor(), ...variables, ...options]
  const inTerminal = ['-qefc', ['podman', ...args].join(' '), '/dev/null']
  const [file, words] = options.includes('-it') ? ['script', inTerminal] : ['podman', args]
  const env = { ...process.env, FOSTER_CONFIG_INLINE: configuration }
  const { status, stdout, stderr } = spawnSync(file, words, { encoding: 'utf8', env, cwd: root, timeout: 600_000 })
  return { code: status, said: (stdout + stderr).replaceAll('\r', '') }
}

/** Why memory cannot be limited here; said aloud. */
function reasonForNoLimit(): string | false {
  const { code, stderr } = podman('run', '--rm', '--memory', '64m', 'docker.io/library/busybox:latest', 'true')
  if (code === 0) return false
  process.stdout.write(`memory is not limited: ${stderr}\n`)
  return 'memory cannot be limited here'
}
