/** The schema of probes, in the words of Kubernetes, and of Compose's health check. */
import * as v from 'valibot'
import { meantKey, sectionOf } from './section.ts'
import { duration, either, encode, flag, integer, listOf, mapOf, oneOf, option, text } from './values.ts'

/** A string, or a list of words. */
export const command = either('a string, or a list of words', [text, listOf('a list of words', text)])

const http = either('a URL, or a map with url, headers', [
  text,
  sectionOf('a map with url, headers', {
    url: option(text, 'The URL that must answer with 200 to 399.', { example: 'url: http://localhost:8080/ready' }),
    headers: option(mapOf('a map of headers', text), 'Headers of the request.', {
      example: 'headers: {Host: a.example}',
    }),
  }),
])

const ways = ['exec', 'http', 'tcp', 'log', 'fd', 'notify', 'file']

const tried = {
  exec: option(command, 'A command that must exit with 0.', {
    ...{ example: 'exec: pg_isready', compose: 'healthcheck.test', kubernetes: 'exec.command' },
  }),
  http: option(http, 'A URL that must answer.', { example: 'http: http://localhost:8080/', kubernetes: 'httpGet' }),
  tcp: option(text, 'PORT or HOST:PORT that must take a connection.', {
    example: 'tcp: 5432',
    kubernetes: 'tcpSocket',
  }),
  notify: option(flag, 'It says so itself by sd_notify.', { example: 'notify: true' }),
  file: option(text, 'A file that must exist.', { example: 'file: /run/ready' }),
}

const toldOnce = {
  log: option(text, 'A regular expression that a line of its output must match.', { example: 'log: ready to accept' }),
  fd: option(integer(3, 1023), 'A descriptor on which it writes a newline.', { example: 'fd: 3' }),
}

const times = {
  initial_delay: option(duration, 'The wait before the first try.', {
    ...{ usual: '0s', example: 'initial_delay: 5s', kubernetes: 'initialDelaySeconds' },
  }),
  period: option(duration, 'The time between two tries.', {
    ...{ usual: '10s', example: 'period: 5s', compose: 'healthcheck.interval', kubernetes: 'periodSeconds' },
  }),
  timeout: option(duration, 'How long a try may take.', {
    ...{ usual: '1s', example: 'timeout: 3s', compose: 'healthcheck.timeout', kubernetes: 'timeoutSeconds' },
  }),
  failure_threshold: option(integer(1, 1000), 'So many failures in a row are one.', {
    ...{ usual: 3, example: 'failure_threshold: 5', compose: 'healthcheck.retries', kubernetes: 'failureThreshold' },
  }),
  start_period: option(duration, 'Failures in so much uptime do not count, until the first success.', {
    ...{ usual: '0s', example: 'start_period: 20s', compose: 'healthcheck.start_period' },
  }),
  start_interval: option(duration, 'The time between two tries while failures do not count.', {
    ...{ usual: '5s', example: 'start_interval: 1s', compose: 'healthcheck.start_interval' },
  }),
}

const manySuccesses = {
  success_threshold: option(integer(1, 1000), 'So many successes in a row are one.', {
    ...{ usual: 1, example: 'success_threshold: 2', kubernetes: 'successThreshold' },
  }),
}

const oneSuccess = {
  success_threshold: option(integer(1, 1, '1, since one success says it all'), 'One success is enough, always.', {
    ...{ usual: 1, example: 'success_threshold: 1', kubernetes: 'successThreshold' },
  }),
}

const once = (way: string): string =>
  encode('invalid-probe', `"${way}" tells only once that all is well`, `use "${way}" for startup or readiness`)

function probe<const Entries extends v.ObjectEntries>(entries: Entries) {
  const expected = `a map with one of ${ways.filter(way => Object.hasOwn(entries, way)).join(', ')}`
  return v.pipe(
    sectionOf(expected, entries, { log: once('log'), fd: once('fd') }),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return
      const value = dataset.value as Record<string, unknown>
      const written = ways.filter(way => value[way] != null)
      // A way that is called by another name has been complained about.
      const isSaid = Object.keys(value).some(key => ways.includes(meantKey(key, Object.keys(entries)) ?? ''))
      if (written.length === 1 || (written.length === 0 && isSaid)) return
      const message = written.length === 0 ? 'the probe does not say what to try' : 'a probe tries one thing'
      addIssue({ message: encode('invalid-probe', message, `write one of ${ways.join(', ')}`) })
    }),
  )
}

/** `probes` of a program. */
export const probes = sectionOf('a map with startup, readiness, liveness', {
  startup: option(
    probe({ ...tried, ...toldOnce, ...times, ...oneSuccess }),
    'Until it succeeds the other probes wait; its failure stops the process.',
    {
      ...{ example: 'startup: {file: /run/ready}', kubernetes: 'startupProbe' },
    },
  ),
  readiness: option(
    probe({ ...tried, ...toldOnce, ...times, ...manySuccesses }),
    'What depends on the program waits for it.',
    {
      ...{ example: 'readiness: {tcp: 5432}', compose: 'healthcheck', kubernetes: 'readinessProbe' },
    },
  ),
  liveness: option(
    probe({ ...tried, ...times, ...oneSuccess }),
    'Its failure stops the process, which is then restarted.',
    {
      ...{ example: 'liveness: {http: http://localhost/}', kubernetes: 'livenessProbe' },
    },
  ),
})

/** `healthcheck` of a program, as in Compose. */
export const healthcheck = sectionOf('a map with test, interval, timeout, retries, start_period', {
  test: option(command, 'A command for the shell, or a list that begins with CMD, CMD-SHELL or NONE.', {
    ...{ example: 'test: curl -f http://localhost/', compose: 'healthcheck.test' },
  }),
  interval: option(duration, 'The time between two tries.', {
    ...{ usual: '30s', example: 'interval: 10s', compose: 'healthcheck.interval' },
  }),
  timeout: option(duration, 'How long a try may take.', {
    ...{ usual: '30s', example: 'timeout: 3s', compose: 'healthcheck.timeout' },
  }),
  retries: option(integer(1, 1000), 'So many failures in a row make it unhealthy.', {
    ...{ usual: 3, example: 'retries: 5', compose: 'healthcheck.retries' },
  }),
  start_period: option(duration, 'Failures in this time do not count.', {
    ...{ usual: '0s', example: 'start_period: 20s', compose: 'healthcheck.start_period' },
  }),
  start_interval: option(duration, 'The time between two tries in the start period.', {
    ...{ usual: '5s', example: 'start_interval: 1s', compose: 'healthcheck.start_interval' },
  }),
  disable: option(flag, 'Whether there is no check after all.', {
    ...{ usual: false, example: 'disable: true', compose: 'healthcheck.disable' },
  }),
  on_unhealthy: option(oneOf(['none', 'restart']), 'What happens to an unhealthy program: none or restart.', {
    ...{ usual: 'none', example: 'on_unhealthy: restart' },
  }),
})
