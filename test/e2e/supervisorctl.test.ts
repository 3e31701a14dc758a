/** supervisorctl, Debian's and foster's own, with foster and with supervisord: four times the same. */
import { readFileSync, writeFileSync } from 'node:fs'
import { four, oneByOne, piped, same, withSupervisor, written } from './rig-supervisorctl.ts'

const helped =
  'add avail clear exit fg maintail open pid quit reload remove reread restart shutdown signal start status stop tail update version EOF'

const session: readonly string[] = [
  ...['status', 'status cat g:*', 'status nope', 'status g:nope h:*', 'avail', 'version', 'version x', 'pid nope'],
  ...[
    'start missing',
    'start quick',
    'start nope',
    'start',
    'start g:b',
    'start g:* h:*',
    'stop cat',
    'stop cat',
    'stop nope x:*',
  ],
  ...[
    'stop',
    'start cat',
    'restart cat',
    'restart',
    'restart nope',
    'signal CONT cat',
    'signal BOGUS cat',
    'signal HUP',
  ],
  ...[
    'signal HUP quick',
    'signal CONT nope',
    'signal CONT h:*',
    'pid quick',
    'pid all',
    'stop g:b',
    'stop g:*',
    'tail file',
  ],
  ...[
    'tail -20 file',
    'tail file stderr',
    'tail file other',
    'tail nope',
    'tail none',
    'tail -x file',
    'tail',
    'tail -5',
  ],
  ...['tail 1 2 3 4', 'maintail x', 'maintail -x', 'maintail 1 2', 'clear file', 'clear nope', 'clear g:*', 'clear'],
  ...['reread', 'reread x', 'update', 'update nope', 'add', 'add cat', 'add nope', 'remove cat', 'remove nope'],
  ...[
    'stop cat',
    'remove cat',
    'status cat',
    'avail',
    'avail x',
    'reread',
    'update',
    'status cat',
    'nonsense',
    '!',
    '?',
  ],
  ...[
    '-x',
    '  ',
    'help',
    'help help',
    'help nope',
    ...helped.split(' ').map(it => `help ${it}`),
    '?fg',
    'fg',
    'fg a b',
  ],
  ...['fg nope', 'fg quick', 'open x', 'open https://x', 'open unix:///nowhere', 'reload x', 'shutdown x', 'shutdown'],
  ...['no', 'reload', 'n', 'exit'],
]

/** One by one, for their exit codes; each costs a start of Python, so there is one for each way to end. */
const single: readonly (readonly string[])[] = [
  ...[['status'], ['status', 'nope'], ['start', 'missing'], ['start', 'h:*'], ['signal CONT cat'], ['pid', 'quick']],
  ...[['tail', '-f', 'nope'], ['nonsense'], ['-q'], ['-s', 'unix:///nowhere', 'avail'], ['-u', 'x', 'update']],
  ...[['-s', 'http://localhost:1', 'pid']],
]

withSupervisor('every command, by lines and one by one, with the same output and exit code', rig =>
  four(rig, async pairs => {
    await Promise.all(pairs.map(({ server }) => written(server)))
    await same('a session', pairs, pair => piped(pair, session), /supervisor> shutdown/)
    await same('one by one', pairs, pair => oneByOne(pair, single), /exit 7\n/)
    for (const { server } of pairs) {
      const text = readFileSync(server.config, 'utf8')
      const more = '[program:more]\ncommand=/bin/cat\n[program:cat]\npriority=5'
      writeFileSync(server.config, text.replace('[program:cat]', more).replace('[program:none]', '[program:other]'))
    }
    const changed = ['reread', 'update more', 'update', 'status cat nope none', 'avail', 'update']
    await same('after a change', pairs, pair => piped(pair, changed), /none: removed process group/)
  }),
)
