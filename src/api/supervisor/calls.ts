/** From a call to its answer: which method, with which parameters; `system.*`, which is about methods. */
import type { Call, Value } from './codec.ts'
import { Fault } from './faults.ts'
import { type Context, type Method, methods } from './methods.ts'

/** At most so many calls in one. */
const mostCalls = 1000

const system: ReadonlyMap<string, Method> = new Map<string, Method>([
  [
    'listMethods',
    {
      ...{ params: [], returns: 'array', words: 'The names of all methods.' },
      call: context => [...published(context).keys()].sort(),
    },
  ],
  [
    'methodHelp',
    {
      ...{ params: [{ name: 'name', type: 'string' }], returns: 'string', words: 'What a method does.' },
      call: (context, [name]) => help(methodNamed(context, name)),
    },
  ],
  [
    'methodSignature',
    {
      ...{ params: [{ name: 'name', type: 'string' }], returns: 'array' },
      words: 'The types of a method: of its answer, then of its parameters.',
      call: (context, [name]) => {
        const { returns, params } = methodNamed(context, name)
        return [returns, ...params.map(({ type }) => type)]
      },
    },
  ],
  [
    'multicall',
    {
      ...{ params: [{ name: 'calls', type: 'array' }], returns: 'array' },
      words: 'Calls one method after the other; for each its answer, or a struct with faultCode and faultString.',
      call: (context, [calls]) => multicall(context, calls),
    },
  ],
])

/** What a client can call. */
function published({ facts }: Context): ReadonlyMap<string, Method> {
  const own = facts.foster.world().plan.supervisor?.hasInterface ? methods : new Map<string, Method>()
  return new Map([
    ...[...own].map(([name, method]) => [`supervisor.${name}`, method] as const),
    ...[...system].map(([name, method]) => [`system.${name}`, method] as const),
  ])
}

function methodNamed(context: Context, name: Value | undefined): Method {
  const found = typeof name === 'string' ? published(context).get(name) : undefined
  if (found === undefined) throw new Fault('SIGNATURE_UNSUPPORTED')
  return found
}

function help({ words, params, returns }: Method): string {
  const lines = params.map(({ name, type }) => `@param ${type} ${name}`)
  return [words, '', ...lines, `@return ${returns} result`].join('\n')
}

/** Does what is called. Throws a Fault, or rejects with one. */
export async function perform(context: Context, { method, params }: Call): Promise<Value> {
  const found = published(context).get(method)
  if (found === undefined) throw new Fault('UNKNOWN_METHOD')
  const needsServing = method.startsWith('supervisor.') && method !== 'supervisor.sendRemoteCommEvent'
  const isServing = context.facts.foster.world().phase.at === 'serving' && !context.restart.isGoing
  if (needsServing && !isServing) throw new Fault('SHUTDOWN_STATE')
  const needed = found.params.filter(it => it.usual === undefined).length
  if (params.length < needed || params.length > found.params.length) throw new Fault('INCORRECT_PARAMETERS')
  const all = found.params.map(({ usual }, at) => params[at] ?? usual ?? null)
  return found.call(context, all)
}

async function multicall(context: Context, calls: Value | undefined): Promise<Value> {
  if (!Array.isArray(calls) || calls.length > mostCalls) throw new Fault('INCORRECT_PARAMETERS')
  const results: Value[] = []
  for (const call of calls as readonly Value[]) {
    if (context.signal.aborted) break
    results.push(await oneOf(context, call))
    // An answer may come in the middle of a change of the world: what is asked next is to see all of it.
    await new Promise<void>(done => void context.facts.foster.after(0, done))
  }
  return results
}

async function oneOf(context: Context, call: Value): Promise<Value> {
  try {
    return await perform(context, callIn(call))
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { faultCode: error.code, faultString: error.text }
  }
}

function callIn(value: Value): Call {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date) {
    throw new Fault('INCORRECT_PARAMETERS')
  }
  const { methodName, params = [] } = value as Readonly<Record<string, Value>>
  if (typeof methodName !== 'string') throw new Fault('INCORRECT_PARAMETERS', 'No methodName')
  if (methodName === 'system.multicall') {
    throw new Fault('INCORRECT_PARAMETERS', 'Recursive system.multicall forbidden')
  }
  if (!Array.isArray(params)) throw new Fault('INCORRECT_PARAMETERS')
  return { method: methodName, params }
}
