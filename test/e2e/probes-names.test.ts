/** How names are looked up for probes: by foster itself, never by the image's C library. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { NameServer } from '../os/name-server.ts'
import { e2e } from './rig.ts'

e2e(
  'names come from /etc/hosts, and from the name servers with the search list, without a module of NSS',
  async (rig, context) => {
    const names = new NameServer({ 'db.svc.test': '127.0.0.1' })
    const where = await names.listen(53, '127.53.0.53').catch((error: Error) => error)
    if (where instanceof Error) return context.skip(`needs port 53 of 127.53.0.53: ${where.message}`)
    const server = createServer(socket => void socket.resume())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    context.after(() => {
      names.close()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    const resolvConf = rig.file('resolv.conf', 'nameserver 127.53.0.53\nsearch svc.test\noptions ndots:2\n')
    const hosts = rig.file('hosts', '127.0.0.1 shop\n')
    const probe = { ...{ period: '50ms', failure_threshold: 1, timeout: '1h' } }
    const asked = (readiness: object) => ({ command: 'sleep 1000', start_seconds: '0s', probes: { readiness } })
    const programs = {
      db: asked({ tcp: `db:${port}`, ...probe }),
      shop: asked({ tcp: `shop:${port}`, ...probe }),
      nobody: asked({ http: `http://nobody:${port}/`, ...probe }),
    }
    // The mounts are in the namespace that foster has to itself.
    const mounts = `mount --bind ${resolvConf} /etc/resolv.conf && mount --bind ${hosts} /etc/hosts && exec "$@"`
    const foster = await rig.start({ programs }, { via: ['sh', '-c', mounts, 'sh'] })
    await foster.line(/db: ready/)
    await foster.line(/shop: ready/)
    await foster.line(/nobody: not ready: unknown host nobody/)
    assert.ok(names.asked.includes('db.svc.test A'))
    assert.ok(names.asked.includes('nobody AAAA'))
    assert.equal(
      names.asked.some(it => it.startsWith('shop')),
      false,
    )
    const mapped = readFileSync(`/proc/${foster.pid}/maps`, 'utf8')
    assert.doesNotMatch(mapped, /libnss|libresolv/)
  },
  'root',
)
