/**
 * Which functions are in the snapshot with their code: those that a start runs, and no others. V8 compiles a function
 * when it is first called and keeps what it has compiled; at a start the one costs time, and the other costs more.
 */
import type { Session } from 'node:inspector'

/** Functions by the name of their script, Node's own among them: the offsets at which they begin. */
export type Functions = Readonly<Record<string, readonly number[]>>

/** Nothing is made of it. */
class Nothing {}

/** Drops the code of all functions that are not running: most have run once, as the top level of a module. */
export function dropCode(): void {
  const { queryObjects, setFlagsFromString } = process.getBuiltinModule('node:v8')
  // An executable that ran with other options than these, which the build gives, would refuse the snapshot.
  setFlagsFromString('--flush-bytecode')
  setFlagsFromString('--stress-flush-code')
  // Counting objects collects garbage first.
  for (let i = 0; i < 3; i++) queryObjects(Nothing, { format: 'count' })
  setFlagsFromString('--no-stress-flush-code')
  setFlagsFromString('--no-flush-bytecode')
}

/**
 * Compiles functions without running them, since many touch the system. V8 has no call for that, but it compiles what a
 * debugger asks about. Scripts that are not loaded are left out; throws where V8 does not know a place.
 */
export function compile(functions: Functions): void {
  const { Session } = process.getBuiltinModule('node:inspector')
  const session = new Session()
  session.connect()
  const scripts: { readonly url: string; readonly scriptId: string }[] = []
  session.on('Debugger.scriptParsed', ({ params }) => scripts.push(params))
  // The answers of a session of one's own thread come before `post` returns.
  session.post('Debugger.enable')
  for (const [name, offsets] of Object.entries(functions)) {
    const script = scripts.find(({ url }) => url === name || url.endsWith(`/${name}`))
    if (script !== undefined) compileIn(session, script.scriptId, offsets)
  }
  session.post('Debugger.disable')
  session.disconnect()
}

function compileIn(session: Session, scriptId: string, offsets: readonly number[]): void {
  session.post('Debugger.getScriptSource', { scriptId }, (_, { scriptSource }) => {
    for (const offset of offsets) {
      const before = scriptSource.slice(0, offset)
      const lineNumber = before.split('\n').length - 1
      const columnNumber = offset - (before.lastIndexOf('\n') + 1)
      const start = { scriptId, lineNumber, columnNumber }
      const end = { ...start, columnNumber: columnNumber + 1 }
      session.post('Debugger.getPossibleBreakpoints', { start, end }, problem => {
        if (problem !== null) throw new Error(`precompile: ${problem.message}`)
      })
    }
  })
}
