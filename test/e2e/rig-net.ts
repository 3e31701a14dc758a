/** Ports, and servers that a program under test is asked about. */
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * A port of loopback on which nobody listens. Namespaces of processes share the network with the test. It is none of those
 * that the kernel gives to connections and to whoever asks for any: one of them could be another's before it is used.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 30_000)
    const server = createServer()
    server.listen(port, '127.0.0.1')
    try {
      await once(server, 'listening')
    } catch {
      // Somebody has it.
      continue
    }
    server.close()
    await once(server, 'close')
    return port
  }
}

/** nginx's configuration: it stays in the foreground, writes only below `dir`, and has this server. */
export function nginxConf(dir: string, server: string): string {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(it => `${it}_temp_path ${dir}/${it};`)
  return `daemon off; worker_processes 1; error_log stderr; pid ${dir}/nginx.pid;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 64; }
http { access_log ${dir}/access.log; ${temp.join(' ')} server { ${server} } }
`
}
