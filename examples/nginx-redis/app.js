// Counts visits in Redis.
const { createServer } = require('node:http')
const { connect } = require('node:net')

createServer((_request, response) => {
  const redis = connect(6379, '127.0.0.1', () => redis.write('INCR visits\r\n'))
  redis.once('data', reply => {
    redis.destroy()
    response.end(`visit ${Number.parseInt(reply.toString().slice(1), 10)}\n`)
  })
  redis.once('error', error => response.writeHead(503).end(`${error.message}\n`))
}).listen(3000, '127.0.0.1')
