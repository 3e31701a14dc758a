/** The schema of `log`, for one program and for all. */
import type * as v from 'valibot'
import { fileDefaults, logDefaults, programLogDefaults } from '../core/log-plan.ts'
import { sectionOf } from './section.ts'
import { duration, either, flag, integer, listOf, oneOf, option, scalar, size, text } from './values.ts'

const format = option(oneOf(['prefix', 'raw', 'json']), 'How lines are written: prefix, raw or json.', {
  usually: '`prefix`; `raw` if there is one program',
  example: 'format: json',
})

const fileOf = (supervisor: string) =>
  sectionOf('a map with file, max_size, keep, compress, owner, format', {
    file: option(text, 'The path of the file; `%(name)` and `%(replica)` are filled in.', {
      ...{ example: 'file: /var/log/%(name).log', supervisor },
    }),
    max_size: option(size('0', '16TiB'), 'The size at which it is rotated; 0: never.', {
      ...{ usual: '50MB', example: 'max_size: 10MB', supervisor: `${supervisor}_maxbytes` },
    }),
    keep: option(integer(0, 1000), 'How many rotated files are kept.', {
      ...{ usual: fileDefaults.keep, example: 'keep: 3', supervisor: `${supervisor}_backups` },
    }),
    compress: option(flag, 'Whether rotated files are compressed.', {
      ...{ usual: fileDefaults.compress, example: 'compress: true' },
    }),
    owner: option(oneOf(['foster', 'program']), 'Whose the file is when it is made: foster or program.', {
      ...{ usual: fileDefaults.owner, example: 'owner: program' },
    }),
    format: option(oneOf(['prefix', 'raw', 'json']), 'How lines are written into it: prefix, raw or json.', {
      ...{ usual: fileDefaults.format, example: 'format: json' },
    }),
  })

const file = fileOf('stdout_logfile')
const errorFile = fileOf('stderr_logfile')

const word = (words: readonly string[]) => {
  const expected = `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
  // YAML reads `null` as a null, which stands for /dev/null here.
  return scalar(expected, { enum: [...words, null] }, value =>
    words.includes(String(value)) ? String(value) : undefined,
  )
}

const target = either('forward, inherit, null or a map with file', [word(['forward', 'inherit', 'null']), file])

const errorTarget = either('forward, inherit, null or a map with file', [
  word(['forward', 'inherit', 'null']),
  errorFile,
])

const targets = either('forward, inherit, null, a map with file, or a list of them', [
  target,
  listOf('a list of forward, inherit, null or maps with file', target),
])

const errorTargets = either('forward, inherit, null, stdout, a map with file, or a list of them', [
  word(['forward', 'inherit', 'null', 'stdout']),
  errorFile,
  listOf('a list of forward, inherit, null or maps with file', errorTarget),
])

/** One place, as it is written. */
export type WrittenTarget = v.InferOutput<typeof target>

// A piece of no bytes would never end the line, and what is not cut stands in memory.
const maxLine = option(size('64B', '16MiB'), 'Longer lines are cut into pieces, except in `raw`; 64 B to 16 MiB.', {
  ...{ usual: '1MiB', example: 'max_line: 64KiB' },
})

const overflow = option(oneOf(['block', 'drop']), 'What is done while the reader is slow: block or drop.', {
  ...{ usual: programLogDefaults.overflow, example: 'overflow: drop' },
})

/** What `log` says for one program. */
export const programLog = sectionOf('a map with format, stdout, stderr, max_line, overflow', {
  format,
  stdout: option(targets, 'Where standard output goes: forward, inherit, null, a file, or a list of them.', {
    ...{ usual: 'forward', example: 'stdout: {file: /var/log/%(name).log}', supervisor: 'stdout_logfile' },
  }),
  stderr: option(errorTargets, 'Where standard error goes: the same, or stdout, which joins the two.', {
    ...{ usual: 'forward', example: 'stderr: stdout', supervisor: 'stderr_logfile, redirect_stderr' },
  }),
  max_line: maxLine,
  overflow,
})

/** What `log` says at the top level. */
export const topLog = sectionOf('a map with format, timestamps, buffer, max_line, overflow', {
  format,
  timestamps: option(flag, 'Whether lines begin with the time, in `prefix`.', {
    ...{ usual: logDefaults.timestamps, example: 'timestamps: true' },
  }),
  buffer: option(size('0', '64MiB'), 'How much of the output of each program stays in memory; at most 64 MiB.', {
    ...{ usual: '256KiB', example: 'buffer: 1MiB' },
  }),
  max_line: maxLine,
  overflow,
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
