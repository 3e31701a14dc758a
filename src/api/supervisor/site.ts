/** What people see of it in a browser: the page at `/`, the ends of logs, and what the buttons do. */
import type { Reply } from '../handlers.ts'
import type { Struct, Value } from './codec.ts'
import { Fault } from './faults.ts'
import { type Context, methods } from './methods.ts'
import { statusPage, tailPage } from './page.ts'
import { fail } from './replies.ts'

/** So many messages are kept for the browsers that are on their way to read them. */
const mostMessages = 32

/** What a log's end on a page has, unless `limit` says more. */
const usualTail = 4096
const longestTail = 256 * 1024

/** Pages are for no cache and no frame, run nothing, and send forms only back here. */
const headers = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'X-Frame-Options': 'DENY',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'same-origin',
} as const

/** The pages of all servers. */
export class Site {
  #secret: string | undefined
  /** What came of the last actions, by number. */
  readonly #messages = new Map<number, string>()
  #count = 0

  /** Whether a path is a page. */
  has(path: string): boolean {
    return path === '/' || path === '/index.html' || path === '/tail.html'
  }

  /** Answers a request for a page. Rejects only for a bug. */
  async answer(context: Context, method: string, target: string, body: Buffer | undefined): Promise<Reply> {
    const url = new URL(target, 'http://foster')
    if (method === 'POST' && url.pathname !== '/tail.html') {
      return this.#act(context, new URLSearchParams((body ?? Buffer.alloc(0)).toString('utf8')))
    }
    if (method !== 'GET') return fail(400)
    if (url.pathname === '/tail.html') return tail(context, url.searchParams)
    const message = this.#messages.get(Number(url.searchParams.get('message') ?? Number.NaN))
    const processes = (await called(context, 'getAllProcessInfo')) as readonly Struct[]
    const identifier = context.facts.foster.world().plan.supervisor?.identifier ?? ''
    return page(statusPage({ token: this.#token(), identifier, message, processes }))
  }

  /** Does what a button says, and sends the browser back to the page, so that reloading does nothing twice. */
  async #act(context: Context, form: URLSearchParams): Promise<Reply> {
    if (!this.#isToken(form.get('token') ?? '')) return fail(403)
    const message = await done(context, form.get('action') ?? '', form.get('processname') ?? '')
    const number = ++this.#count
    this.#messages.set(number, message)
    this.#messages.delete(number - mostMessages)
    return { status: 303, text: '', type: 'text/plain', headers: { ...headers, Location: `/?message=${number}` } }
  }

  #token(): string {
    this.#secret ??= process.getBuiltinModule('node:crypto').randomBytes(32).toString('hex')
    return this.#secret
  }

  #isToken(given: string): boolean {
    const wanted = Buffer.from(this.#token())
    const shown = Buffer.from(given)
    return shown.length === wanted.length && process.getBuiltinModule('node:crypto').timingSafeEqual(shown, wanted)
  }
}

const page = (text: string): Reply => ({ status: 200, text, type: 'text/html; charset=utf-8', headers })

/** Calls a method of the interface; without `[rpcinterface:supervisor]`, too. */
async function called(context: Context, name: string, ...params: readonly Value[]): Promise<Value> {
  const method = methods.get(name)
  if (method === undefined) throw new Error(`there is no method ${name}`)
  return method.call(context, params)
}

/** What a button does: methods, each with what it waits for, and what is said then. */
interface Deed {
  readonly calls: readonly (readonly [method: string, ...wait: readonly boolean[]])[]
  readonly words: string
  /** It is about all processes, not about one. */
  readonly isAll?: true
}

const deeds: ReadonlyMap<string, Deed> = new Map<string, Deed>([
  ['start', { calls: [['startProcess', false]], words: 'start requested' }],
  ['stop', { calls: [['stopProcess', true]], words: 'stopped' }],
  [
    'restart',
    {
      calls: [
        ['stopProcess', true],
        ['startProcess', false],
      ],
      words: 'restart requested',
    },
  ],
  ['clearlog', { calls: [['clearProcessLogs']], words: 'logs cleared' }],
  ['startall', { calls: [['startAllProcesses', false]], words: 'start requested', isAll: true }],
  ['stopall', { calls: [['stopAllProcesses', true]], words: 'stopped', isAll: true }],
  [
    'restartall',
    {
      calls: [
        ['stopAllProcesses', true],
        ['startAllProcesses', false],
      ],
      words: 'restart requested',
      isAll: true,
    },
  ],
])

/** Does it; in words, what came of it. */
async function done(context: Context, action: string, spec: string): Promise<string> {
  const deed = deeds.get(action)
  if (deed === undefined) return `there is no action "${action}"`
  if (context.facts.foster.world().phase.at !== 'serving') return 'foster is stopping'
  const whom = deed.isAll ? 'all' : spec
  try {
    for (const [method, ...wait] of deed.calls) {
      await called(context, method, ...(deed.isAll ? [] : [spec]), ...wait)
    }
    return `${whom}: ${deed.words}`
  } catch (error) {
    if (error instanceof Fault) return `${action} of ${whom}: ${error.text}`
    throw error
  }
}

async function tail(context: Context, query: URLSearchParams): Promise<Reply> {
  const spec = query.get('processname') ?? ''
  const stream = query.get('stream') === 'stderr' ? 'stderr' : 'stdout'
  const limit = Math.min(longestTail, Math.max(1024, Number(query.get('limit')) || usualTail))
  try {
    const method = stream === 'stderr' ? 'readProcessStderrLog' : 'readProcessStdoutLog'
    return page(tailPage(spec, stream, String(await called(context, method, spec, -limit, 0))))
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return {
      ...page(tailPage(spec, stream, error.text)),
      status: error.text.startsWith('BAD_NAME') ? 404 : 200,
    } as Reply
  }
}
