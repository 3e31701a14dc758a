/** Ports, and servers that a program under test is asked about. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/** A port of loopback on which nobody listens. Namespaces of processes share the network with the test. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
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
