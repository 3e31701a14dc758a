/**
 * Variables that Node itself would obey. In a container they are meant for the programs: an option for their debugger,
 * a preload, more threads. The executable ignores most of them by how it is built; where foster is run by the image's
 * own Node it starts with these under another name, and gives them back to the programs.
 */

type Variables = Readonly<Record<string, string>>

const swaying: ReadonlySet<string> = new Set([
  ...['NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'NODE_DEBUG', 'NODE_DEBUG_NATIVE', 'NODE_V8_COVERAGE', 'NODE_PATH'],
  ...['NODE_REDIRECT_WARNINGS', 'NODE_PENDING_DEPRECATION', 'NODE_COMPILE_CACHE', 'NODE_ICU_DATA', 'OPENSSL_CONF'],
  ...['NODE_USE_ENV_PROXY', 'NODE_USE_SYSTEM_CA', 'NODE_TLS_REJECT_UNAUTHORIZED', 'NODE_PRESERVE_SYMLINKS'],
  ...['NODE_PRESERVE_SYMLINKS_MAIN', 'UV_THREADPOOL_SIZE', 'UV_USE_IO_URING'],
])

const cover = '__FOSTER_'

/** Whether one of the variables would change what Node does. */
export function isSwayed(environment: Variables): boolean {
  return Object.keys(environment).some(name => swaying.has(name))
}

/** The same variables, where none means anything to Node. */
export function covered(environment: Variables): Record<string, string> {
  return renamed(environment, name => (swaying.has(name) ? cover + name : name))
}

/** What was covered. */
export function uncovered(environment: Variables): Record<string, string> {
  return renamed(environment, name => (name.startsWith(cover) ? name.slice(cover.length) : name))
}

function renamed(environment: Variables, rename: (name: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [rename(name), value]))
}
