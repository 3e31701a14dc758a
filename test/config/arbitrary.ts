/** Configurations for tests of what holds for any of them. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the text of configurations
import fc from 'fast-check'

const trouble = [
  '${A}',
  '$',
  '{',
  '%(name)',
  '%%(name)',
  '%',
  '"',
  "'",
  '\\',
  '\n',
  '\t',
  ' ',
  '#',
  ': ',
  '- ',
  '\uFFFD',
]
const unit = fc.oneof(
  fc.constantFrom(...trouble, '\x7F', '\x85', '\u2028', '\uFEFF', 'é', '😀'),
  fc.string({ unit: 'binary', maxLength: 2 }),
)
const text = fc.array(unit, { maxLength: 6 }).map(parts => parts.join('').replaceAll('\0', ''))
const word = text.filter(it => it !== '' && !it.startsWith('${'))
const time = fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.constantFrom('1ms', '2m3s', '1.5h', '24d'))
const names_ = ['a', 'web', '10', '2', 'name', 'true', 'null', 'Web-1.b_c', 'x-y']
const variable = fc.oneof(
  text.filter(it => it !== '' && !it.includes('=')),
  fc.constantFrom('A', '__proto__', 'constructor', '<<', 'a: b'),
)

const program = (others: readonly string[]) =>
  fc.record(
    {
      command: fc.array(word, { minLength: 1, maxLength: 3 }),
      kind: fc.constantFrom('service', 'task'),
      critical: fc.boolean(),
      autostart: fc.boolean(),
      environment: fc.array(fc.tuple(variable, text).map(pair => pair.join('='))),
      secrets: fc.dictionary(fc.constantFrom('A', 'B', 'C d'), word),
      env_inherit: fc.oneof(fc.boolean(), fc.array(fc.constantFrom('A', 'LC_*', '?'))),
      working_dir: word,
      user: fc.constantFrom('app', 'www-data:4', '1000', '77:3', 'root:app'),
      restart: fc.constantFrom('always', 'on-failure', 'never', true, false),
      success_exit_codes: fc.array(fc.constantFrom(0, 1, 255, 'TERM', 'sigint')),
      start_seconds: time,
      start_retries: fc.integer({ min: -1, max: 1_000_000 }),
      backoff: fc.record(
        {
          delay: time,
          factor: fc.double({ min: 1, max: 1000, noNaN: true }),
          max: time,
          jitter: fc.double({ min: 0, max: 1, noNaN: true }),
        },
        { requiredKeys: [] },
      ),
      depends_on: fc.subarray([...others]).chain(on =>
        fc.oneof(
          fc.constant(on),
          fc
            .tuple(...on.map(() => fc.constantFrom('started', 'ready', 'completed', null)))
            .map(conditions => Object.fromEntries(on.map((name, index) => [name, conditions[index]]))),
        ),
      ),
      stop_signal: fc.constantFrom('QUIT', 9, 'sigusr1'),
      stop_grace_period: time,
      stop_scope: fc.constantFrom('process', 'group'),
      stop_command: fc.array(word, { minLength: 1, maxLength: 3 }),
      log: fc.record({ format: fc.constantFrom('raw', 'json', 'prefix') }, { requiredKeys: [] }),
    },
    { requiredKeys: ['command'] },
  )

/** Any configuration, with what is hard to write. */
export const configuration = fc.record(
  {
    programs: fc
      .shuffledSubarray(names_, { minLength: 1, maxLength: 4 })
      .chain(picked =>
        fc
          .tuple(...picked.map((_, index) => program(picked.slice(0, index))))
          .map(all => Object.fromEntries(picked.map((name, index) => [name, all[index]]))),
      ),
    defaults: program([]).map(({ command: _, depends_on: __, ...rest }) => rest),
    environment: fc.array(fc.tuple(variable, text).map(pair => pair.join('='))),
    shutdown: fc.record(
      { timeout: fc.constantFrom('30s', 60), delay: fc.constantFrom('1s', 0), exit_code: fc.constantFrom(0, 'signal') },
      { requiredKeys: [] },
    ),
    log: fc.record({ format: fc.constantFrom('raw', 'json') }, { requiredKeys: [] }),
  },
  { requiredKeys: ['programs'] },
)

/** A configuration as a file. It cannot hold the sign that stands for bytes which are no text, but for an escape. */
export function jsonFile(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\x7f-\uffff]/g,
    sign => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
