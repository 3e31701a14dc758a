/** The schema of `log`, for one program and for all. */

import { sectionOf } from './section.ts'
import { duration, either, flag, integer, listOf, oneOf, option, scalar, size, text } from './values.ts'

const format = option(oneOf(['prefix', 'raw', 'json']), 'How lines are written: prefix, raw or json.', {
  usually: '`prefix`; `raw` if there is one program',
  example: 'format: json',
})

const file = sectionOf('a map with file, max_size, keep, compress', {
  file: option(text, 'The path of the file.', { example: 'file: /var/log/%(name).log' }),
  max_size: option(size, 'The size at which it is rotated.', { usual: '50MB', example: 'max_size: 10MB' }),
  keep: option(integer(0, 1000), 'How many rotated files are kept.', { usual: 10, example: 'keep: 3' }),
  compress: option(flag, 'Whether rotated files are compressed.', { usual: false, example: 'compress: true' }),
})

const target = either('forward, inherit, null or a map with file', [
  scalar('forward, inherit or null', { enum: ['forward', 'inherit', 'null'] }, value =>
    ['forward', 'inherit', 'null'].includes(String(value)) ? String(value) : undefined,
  ),
  file,
])

const targets = either('forward, inherit, null, a map with file, or a list of them', [
  target,
  listOf('a list of forward, inherit, null or maps with file', target),
])

/** What `log` says for one program. */
export const programLog = sectionOf('a map with format', {
  format,
  stdout: option(targets, 'Where standard output goes: forward, inherit, null, a file, or a list of them.', {
    ...{ usual: 'forward', example: 'stdout: {file: /var/log/%(name).log}', supervisor: 'stdout_logfile', later: true },
  }),
  stderr: option(targets, 'Where standard error goes: forward, inherit, null, a file, or a list of them.', {
    ...{ usual: 'forward', example: 'stderr: inherit', supervisor: 'stderr_logfile', later: true },
  }),
  max_line: option(size, 'Longer lines are cut into pieces.', {
    ...{ usual: '1MiB', example: 'max_line: 64KiB', later: true },
  }),
  overflow: option(oneOf(['block', 'drop']), 'What happens while the reader is slow: block or drop.', {
    ...{ usual: 'block', example: 'overflow: drop', later: true },
  }),
})

/** What `log` says at the top level. */
export const topLog = sectionOf('a map with format', {
  format,
  timestamps: option(flag, 'Whether lines begin with the time.', {
    ...{ usual: false, example: 'timestamps: true', later: true },
  }),
  buffer: option(size, 'How much of the output of each program stays in memory.', {
    ...{ usual: '256KiB', example: 'buffer: 1MiB', later: true },
  }),
  max_line: programLog.pipe[1].entries.max_line,
  overflow: programLog.pipe[1].entries.overflow,
})

/** How the container stops. */
export const shutdown = sectionOf('a map with timeout, delay, exit_code', {
  timeout: option(duration, 'The time for all of the shutdown.', {
    ...{
      usual: '9s',
      example: 'timeout: 25s',
      compose: 'stop_grace_period',
      kubernetes: 'terminationGracePeriodSeconds',
    },
  }),
  delay: option(duration, 'The time between "not ready" and the first signal.', {
    ...{ usual: '0s', example: 'delay: 5s', kubernetes: 'preStop.sleep' },
  }),
  exit_code: option(
    scalar('0 or signal', { enum: [0, 'signal'] }, value =>
      value === 0 ? ('zero' as const) : value === 'signal' ? value : undefined,
    ),
    'The exit code of a requested stop that went well: 0, or signal for 128 + the signal.',
    { usual: 0, example: 'exit_code: signal' },
  ),
})
