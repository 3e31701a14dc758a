import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countFiles, OomKills } from '../../src/os/oom.ts'

const mount = (root: string, place: string, type: string, options: string): string =>
  `29 23 0:26 ${root} ${place} rw,nosuid shared:9 - ${type} ${type} ${options}\n`

const own = (place: string, file: string) => [`${place}/${file}`, `${place}/${file}`]

test('version 2: a namespace of its own, a whole hierarchy, a part of one, a name with a space', () => {
  const unified = (root: string, place = '/sys/fs/cgroup') => mount(root, place, 'cgroup2', 'rw,nsdelegate')
  assert.deepEqual(countFiles('0::/\n', unified('/')), own('/sys/fs/cgroup', 'memory.events'))
  assert.equal(countFiles('0::/docker/abc\n', unified('/'))[0], '/sys/fs/cgroup/docker/abc/memory.events')
  assert.equal(countFiles('0::/docker/abc\n', unified('/docker/abc'))[0], '/sys/fs/cgroup/memory.events')
  assert.equal(countFiles('0::/docker/abc/x\n', unified('/docker/abc'))[0], '/sys/fs/cgroup/x/memory.events')
  assert.equal(countFiles('0::/../other\n', unified('/..'))[0], '/sys/fs/cgroup/other/memory.events')
  assert.equal(countFiles('0::/\n', unified('/', '/a\\040b'))[0], '/a b/memory.events')
})

test('version 1: the hierarchy of the memory controller, whatever stands beside it', () => {
  const cgroup = '9:name=systemd:/\n4:cpu,memory:/docker/abc\n0::/\n'
  const others = mount('/', '/sys/fs/cgroup/pids', 'cgroup', 'rw,pids') + mount('/', '/tmp', 'tmpfs', 'rw')
  const whole = others + mount('/', '/sys/fs/cgroup/memory', 'cgroup', 'rw,memory,cpu')
  assert.equal(countFiles(cgroup, whole)[0], '/sys/fs/cgroup/memory/docker/abc/memory.oom_control')
  // Docker without a namespace for cgroups: the path is the host's, the mount is the container's own part.
  const part = others + mount('/docker/abc', '/sys/fs/cgroup/memory', 'cgroup', 'rw,memory')
  assert.equal(countFiles(cgroup, part)[0], '/sys/fs/cgroup/memory/memory.oom_control')
  assert.deepEqual(countFiles('', whole), [])
  assert.deepEqual(countFiles(cgroup, others), [])
})

/** A count that tests set, and a clock. */
function kills() {
  const at = { count: 5 as number | undefined, now: 0 }
  const watch = new OomKills(
    () => at.now,
    () => at.count,
  )
  return { at, watch }
}

test('a kill is told of once, and what was before the beginning never', () => {
  const { at, watch } = kills()
  watch.begin()
  assert.equal(watch.take(), false)
  at.count = 6
  assert.deepEqual([watch.take(), watch.take()], [true, false])
})

test('several that are killed together are all told of', () => {
  const { at, watch } = kills()
  watch.begin()
  at.count = 8
  assert.deepEqual([watch.take(), watch.take(), watch.take(), watch.take()], [true, true, true, false])
})

test('a kill that was counted for somebody else is not told of a later end', () => {
  const { at, watch } = kills()
  watch.begin()
  at.count = 7
  assert.equal(watch.take(), true)
  at.now = 10_000
  assert.equal(watch.take(), false)
  at.count = 8
  assert.deepEqual([watch.take(), watch.take()], [true, false])
})

test('without a count nothing is known', () => {
  const { at, watch } = kills()
  assert.equal(watch.take(), false)
  at.count = undefined
  watch.begin()
  assert.equal(watch.take(), false)
  at.count = 9
  assert.equal(watch.take(), false)
})
