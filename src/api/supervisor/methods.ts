/** The methods of `supervisor.*`: names, parameters and answers are Supervisor's. */
import { remoteNews } from '../../core/event-text.ts'
import type { OutputStream } from '../../core/output.ts'
import type { Struct, Value } from './codec.ts'
import { actOn, actOnAll, type Caller, isRunning, isSignallable, send, start, stop } from './control.ts'
import { Fault, faultCodes } from './faults.ts'
import { compare, type LastRead } from './groups.ts'
import { infoOf } from './info.ts'
import { type Clearings, fileOf, open, readPart, sourceOf, tailPart } from './logs.ts'
import { groupNamed, groupsIn, type Member, memberNamed, membersOf } from './members.ts'
import type { Restart } from './restart.ts'

/** A call and what it may need. */
export interface Context extends Caller {
  readonly lastRead: LastRead
  readonly clearings: Clearings
  readonly restart: Restart
}

type Type = 'string' | 'int' | 'boolean' | 'array' | 'struct'

/** A method. The last parameters may be left out where they have a `usual` value. */
export interface Method {
  readonly params: readonly { readonly name: string; readonly type: Type; readonly usual?: Value }[]
  readonly returns: Type
  readonly words: string
  call(context: Context, params: readonly Value[]): Value | Promise<Value>
}

const text = (name: string) => ({ name, type: 'string' }) as const
const whole = (name: string) => ({ name, type: 'int' }) as const
const wait = { name: 'wait', type: 'boolean', usual: true } as const

/** The version of the interface; supervisorctl talks to no other. */
const apiVersion = '3.0'
/** The release of Supervisor whose answers these are. */
export const supervisorVersion = '4.2.5'

const world = ({ facts }: Context) => facts.foster.world()
const isNotRunning: typeof isRunning = state => !isRunning(state)

const info = ({ facts, lastRead }: Context, member: Member): Struct =>
  infoOf(facts.foster, member, lastRead.addedAt(member.index))

const about: Readonly<Record<string, Method>> = {
  getAPIVersion: {
    ...{ params: [], returns: 'string', words: 'The version of this interface.' },
    call: () => apiVersion,
  },
  getSupervisorVersion: {
    ...{ params: [], returns: 'string', words: 'The version of Supervisor whose interface this is.' },
    call: () => supervisorVersion,
  },
  getIdentification: {
    ...{ params: [], returns: 'string', words: 'The identifier of the configuration.' },
    call: context => world(context).plan.supervisor?.identifier ?? '',
  },
  getState: {
    ...{ params: [], returns: 'struct', words: 'The state of foster: statecode and statename.' },
    call: () => ({ statecode: 1, statename: 'RUNNING' }),
  },
  getPID: { params: [], returns: 'int', words: "foster's pid.", call: ({ facts }) => facts.foster.pid },
  getProcessInfo: {
    ...{ params: [text('name')], returns: 'struct', words: 'What is known of a process.' },
    call: (context, [name]) => info(context, memberNamed(str(name), world(context))),
  },
  getAllProcessInfo: {
    ...{ params: [], returns: 'array', words: 'What is known of all processes, by group and name.' },
    call: context => {
      const members = [...membersOf(groupsIn(world(context)), world(context))]
      members.sort((a, b) => compare(a.group.name, b.group.name) || compare(a.process.name, b.process.name))
      return members.map(it => info(context, it))
    },
  },
}

const configuration: Readonly<Record<string, Method>> = {
  getAllConfigInfo: {
    ...{ params: [], returns: 'array', words: 'How the processes of the configuration that was read last are set up.' },
    call: ({ lastRead }) => lastRead.infos(),
  },
  reloadConfig: {
    ...{ params: [], returns: 'array', words: 'Reads the configuration: [[added, changed, removed]] groups.' },
    call: ({ lastRead }) => lastRead.reload(),
  },
  addProcessGroup: {
    ...{ params: [text('name')], returns: 'boolean', words: 'Takes a group over from the configuration.' },
    call: ({ lastRead }, [name]) => lastRead.add(str(name)),
  },
  removeProcessGroup: {
    ...{ params: [text('name')], returns: 'boolean', words: 'Forgets a group that does not run.' },
    call: ({ lastRead }, [name]) => lastRead.remove(str(name)),
  },
  shutdown: {
    ...{ params: [], returns: 'boolean', words: 'Stops the container.' },
    call: ({ facts }) => {
      facts.foster.dispatch({ on: 'shutdown' })
      return true
    },
  },
  restart: {
    ...{
      params: [],
      returns: 'boolean',
      words: 'Stops all processes, and starts them as they are configured by then.',
    },
    call: ({ restart }) => restart.begin(),
  },
}

const steering: Readonly<Record<string, Method>> = {
  startProcess: {
    ...{ params: [text('name'), wait], returns: 'boolean', words: 'Starts a process, or those of a group (group:*).' },
    call: (context, [name, wait]) => actOn(context, str(name), isNotRunning, start(context, isTrue(wait))),
  },
  startProcessGroup: {
    ...{ params: [text('name'), wait], returns: 'array', words: 'Starts the processes of a group.' },
    call: (context, [name, wait]) =>
      actOnAll(context, [groupNamed(str(name), world(context))], isNotRunning, start(context, isTrue(wait))),
  },
  startAllProcesses: {
    ...{ params: [wait], returns: 'array', words: 'Starts all processes.' },
    call: (context, [wait]) => actOnAll(context, groupsIn(world(context)), isNotRunning, start(context, isTrue(wait))),
  },
  stopProcess: {
    ...{ params: [text('name'), wait], returns: 'boolean', words: 'Stops a process, or those of a group (group:*).' },
    call: (context, [name, wait]) => actOn(context, str(name), isRunning, stop(context, isTrue(wait))),
  },
  stopProcessGroup: {
    ...{ params: [text('name'), wait], returns: 'array', words: 'Stops the processes of a group.' },
    call: (context, [name, wait]) =>
      actOnAll(context, [groupNamed(str(name), world(context))], isRunning, stop(context, isTrue(wait))),
  },
  stopAllProcesses: {
    ...{ params: [wait], returns: 'array', words: 'Stops all processes.' },
    call: (context, [wait]) => actOnAll(context, groupsIn(world(context)), isRunning, stop(context, isTrue(wait))),
  },
  signalProcess: {
    ...{ params: [text('name'), text('signal')], returns: 'boolean', words: 'Sends a signal to a process.' },
    call: (context, [name, signal]) => actOn(context, str(name), isSignallable, send(context, plainText(signal))),
  },
  signalProcessGroup: {
    ...{
      params: [text('name'), text('signal')],
      returns: 'array',
      words: 'Sends a signal to the processes of a group.',
    },
    call: (context, [name, signal]) =>
      actOnAll(context, [groupNamed(str(name), world(context))], isSignallable, send(context, plainText(signal))),
  },
  signalAllProcesses: {
    ...{ params: [text('signal')], returns: 'array', words: 'Sends a signal to all processes.' },
    call: (context, [signal]) =>
      actOnAll(context, groupsIn(world(context)), isSignallable, send(context, plainText(signal))),
  },
  sendProcessStdin: {
    ...{
      params: [text('name'), text('chars')],
      returns: 'boolean',
      words: 'Writes to the standard input of a process.',
    },
    call: (context, [name, chars]) => sendInput(context, str(name), chars),
  },
}

const ranged = [text('name'), whole('offset'), whole('length')] as const

const reading: Readonly<Record<string, Method>> = {
  readLog: {
    ...{ params: [whole('offset'), whole('length')], returns: 'string', words: 'A part of what foster has said.' },
    call: async ({ facts, clearings }, [offset, length]) => {
      const reader = await open(facts, { memory: facts.own, stream: 'stderr' }, clearings)
      return readPart(reader, int(offset), int(length))
    },
  },
  clearLog: {
    ...{ params: [], returns: 'boolean', words: 'Forgets what foster has said.' },
    call: ({ facts, clearings }) => {
      clearings.clear(facts.own, 'stderr')
      return true
    },
  },
  readProcessStdoutLog: reads('stdout'),
  readProcessStderrLog: reads('stderr'),
  tailProcessStdoutLog: tails('stdout'),
  tailProcessStderrLog: tails('stderr'),
  clearProcessLogs: {
    ...{ params: [text('name')], returns: 'boolean', words: 'Begins the logs of a process anew.' },
    call: (context, [name]) => clearLogs(context, memberNamed(str(name), world(context)), str(name)),
  },
  clearAllProcessLogs: {
    ...{ params: [], returns: 'array', words: 'Begins the logs of all processes anew.' },
    call: context =>
      actOnAll(
        context,
        groupsIn(world(context)),
        () => true,
        (member, name) => clearLogs(context, member, name),
      ),
  },
}

const events: Readonly<Record<string, Method>> = {
  sendRemoteCommEvent: {
    ...{ params: [text('type'), text('data')], returns: 'boolean', words: 'Sends an event to those who listen.' },
    call: ({ facts }, [type, data]) => {
      facts.notify(remoteNews(plainText(type), plainText(data)))
      return true
    },
  },
}

const own = { ...about, ...configuration, ...steering, ...reading, ...events } as const

/** All methods, also by their older names. */
export const methods: ReadonlyMap<string, Method> = new Map(
  Object.entries({
    ...own,
    getVersion: own.getAPIVersion as Method,
    readMainLog: own.readLog as Method,
    readProcessLog: own.readProcessStdoutLog as Method,
    tailProcessLog: own.tailProcessStdoutLog as Method,
    clearProcessLog: own.clearProcessLogs as Method,
  }),
)

function reads(stream: OutputStream): Method {
  return {
    ...{ params: ranged, returns: 'string', words: `A part of the ${stream} log of a process.` },
    call: async (context, [name, offset, length]) => {
      const source = sourceOf(context.facts, memberNamed(str(name), world(context)), stream)
      if (source === undefined) throw new Fault('NO_FILE')
      return readPart(await open(context.facts, source, context.clearings), int(offset), int(length))
    },
  }
}

function tails(stream: OutputStream): Method {
  const words = `What has come to the ${stream} log of a process since an offset: [text, next offset, whether there was more].`
  return {
    ...{ params: ranged, returns: 'array', words },
    call: async (context, [name, offset, length]) => {
      const source = sourceOf(context.facts, memberNamed(str(name), world(context)), stream)
      if (source === undefined) return ['', 0, false]
      try {
        return await tailPart(await open(context.facts, source, context.clearings), int(offset), int(length))
      } catch (error) {
        if (error instanceof Fault && error.code === faultCodes.NO_FILE) return ['', 0, false]
        throw error
      }
    },
  }
}

function clearLogs({ facts, clearings }: Context, member: Member, name: string): Value {
  for (const stream of ['stdout', 'stderr'] as const) {
    const isCleared = fileOf(member.program, stream) === undefined || facts.clearFile(member.index, stream)
    if (!isCleared) throw new Fault('FAILED', name)
    clearings.clear(facts.foster.log(member.index), stream)
  }
  return true
}

function sendInput(context: Context, name: string, chars: Value | undefined): Value {
  if (typeof chars !== 'string') throw new Fault('INCORRECT_PARAMETERS', String(chars))
  const { index } = memberNamed(name, world(context))
  const state = world(context).states[index]
  if (state === undefined || !('pid' in state) || state.at === 'stopping') throw new Fault('NOT_RUNNING', name)
  const taken = context.facts.write(index, chars)
  if (taken === 'closed') throw new Fault('NO_FILE', name)
  if (taken === 'full') throw new Fault('FAILED', `${name} does not read its standard input`)
  return true
}

/** Text, or a number as text. */
function plainText(value: Value | undefined): string {
  return typeof value === 'number' ? String(value) : str(value)
}

function str(value: Value | undefined): string {
  if (typeof value !== 'string') throw new Fault('INCORRECT_PARAMETERS')
  return value
}

/** Python's int(): numbers are cut off, and text may be one. */
function int(value: Value | undefined): number {
  const number = typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isSafeInteger(Math.trunc(number))) throw new Fault('INCORRECT_PARAMETERS')
  return Math.trunc(number)
}

/** What Python takes for true. */
function isTrue(value: Value | undefined): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === '') return false
  return !Array.isArray(value) || value.length > 0
}
