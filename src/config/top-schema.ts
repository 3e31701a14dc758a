/** The schema of the top level's own sections: the signals, the control socket, HTTP. */
import { verbs } from '../core/control.ts'
import { didYouMean } from '../core/nearest.ts'
import { parseSignal, signalNames } from '../core/signal.ts'
import { sectionOf } from './section.ts'
import { either, encode, listOf, mapOf, mode, oneOf, option, signal, text } from './values.ts'

const reaction = either('stop, forward, ignore, or a map with to, as', [
  oneOf(['stop', 'forward', 'ignore']),
  sectionOf('a map with to, as', {
    to: option(listOf('a list of programs', text), 'The programs that get the signal.', {
      ...{ usually: 'every running program', example: 'to: [db]' },
    }),
    as: option(signal, 'The signal they get in its place.', { usually: 'the same', example: 'as: HUP' }),
  }),
])

/** `signals`: what foster does with a signal that it gets. */
export const signals = mapOf('a map of signals', reaction, key =>
  parseSignal(key) === undefined
    ? encode('invalid-value', `unknown signal "${key}"`, didYouMean(key.replace(/^SIG/i, ''), signalNames))
    : undefined,
)

const rule = sectionOf('a map with user or group, allow, programs', {
  user: option(text, 'The user that the rule is for: a name or a uid.', { example: 'user: app' }),
  group: option(text, 'The group that the rule is for: a name or a gid.', { example: 'group: adm' }),
  allow: option(
    listOf('a list of commands', oneOf([...verbs, 'all'])),
    'What is allowed. `all` is all but `reload` and `shutdown`, which are allowed by name only.',
    { usually: 'required', example: 'allow: [status, logs, restart]' },
  ),
  programs: option(listOf('a list of programs', text), 'The programs and groups that it may be done to.', {
    ...{ usually: 'all', example: 'programs: [web]' },
  }),
})

/** `control`: the socket that foster's own commands talk to. */
export const control = sectionOf('a map with socket, mode, access', {
  socket: option(text, 'The path of the socket; false: there is none.', {
    ...{ usually: '`/run/foster.sock`, else see below', example: 'socket: /run/foster/control.sock' },
    ...{ supervisor: '[unix_http_server] file' },
  }),
  mode: option(mode, 'The permission bits of the socket.', {
    ...{ usually: '0600; 0666 with `access`', example: "mode: '0660'", supervisor: '[unix_http_server] chmod' },
  }),
  access: option(listOf('a list of rules', rule), "Who may do what, beside root and foster's own user.", {
    ...{ usual: [], example: 'access: [{group: adm, allow: [restart], programs: [web]}]' },
  }),
})

/** `http`: health and metrics over TCP. */
export const http = sectionOf('a map with listen, token', {
  listen: option(text, 'PORT or ADDRESS:PORT. A port alone is that of every address.', {
    ...{ usually: 'off', example: 'listen: 127.0.0.1:9000', supervisor: '[inet_http_server] port' },
  }),
  token: option(text, 'What a request for details must present (`Authorization: Bearer`).', {
    ...{ usually: 'none', example: 'token: abc' },
  }),
})
