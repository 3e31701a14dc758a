/** The schema of a resource limit. */
import { sectionOf } from './section.ts'
import { either, option, scalar } from './values.ts'

const limitValue = scalar(
  'a whole number or unlimited',
  { anyOf: [{ type: 'integer', minimum: -1 }, { enum: ['unlimited'] }] },
  value => {
    if (value === 'unlimited' || value === -1) return Number.POSITIVE_INFINITY
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
  },
  value => {
    const [, soft, hard] = /^(\d+):(\d+)$/.exec(String(value)) ?? []
    if (soft !== undefined) return `write {soft: ${soft}, hard: ${hard}}`
    return /^\d+\s*[kmgt]i?b?$/i.test(String(value)) ? 'write it in bytes' : undefined
  },
)

/** One of `ulimits`. */
export const limit = either('a whole number, unlimited, or a map with soft, hard', [
  limitValue,
  sectionOf('a map with soft, hard', {
    soft: option(limitValue, 'The limit that holds.', { example: 'soft: 1024' }),
    hard: option(limitValue, 'How far the program may raise it.', { example: 'hard: 65536' }),
  }),
])
