import { createServer } from 'node:http'

const server = createServer((request, response) => {
  process.stdout.write(`${request.method} ${request.url}\n`)
  if (request.url === '/crash') process.exit(1)
  response.end('hello from foster\n')
})
server.on('listening', () => process.stdout.write(`listening on http://127.0.0.1:${server.address().port}/\n`))
// Somebody else's port: any other will do.
server.once('error', () => server.listen(0, '127.0.0.1'))
server.listen(Number(process.env.PORT), '127.0.0.1')
