/** What the command line may ask for: of foster itself, and of the foster that is running. */

/** A request, as the command line says it. */
export type ClientRequest =
  | { readonly do: 'status'; readonly names: readonly string[]; readonly json: boolean }
  | {
      readonly do: 'start' | 'stop' | 'restart'
      readonly names: readonly string[]
      /** Until it is ready, or gone. */
      readonly wait: boolean
      /** Milliseconds; undefined: as long as it takes. */
      readonly timeout: number | undefined
      readonly json: boolean
    }
  | { readonly do: 'signal'; readonly signal: string; readonly names: readonly string[]; readonly json: boolean }
  | {
      readonly do: 'tail'
      readonly name: string
      readonly stream: 'stdout' | 'stderr'
      readonly bytes: number
      readonly follow: boolean
      readonly json: boolean
    }
  | {
      readonly do: 'logs'
      readonly names: readonly string[]
      readonly stream: 'stdout' | 'stderr' | undefined
      /** Undefined: all that is in memory. */
      readonly lines: number | undefined
      readonly follow: boolean
      readonly json: boolean
    }
  | {
      readonly do: 'events'
      readonly names: readonly string[]
      /** A sequence number. */
      readonly since: number | undefined
      readonly follow: boolean
      readonly json: boolean
    }
  | { readonly do: 'pid'; readonly names: readonly string[]; readonly json: boolean }
  | {
      readonly do: 'reload'
      /** Only what would change. */
      readonly dryRun: boolean
      readonly json: boolean
    }
  | { readonly do: 'shutdown'; readonly json: boolean }
  | { readonly do: 'health'; readonly kind: 'ready' | 'live' | 'startup'; readonly json: boolean }
  | { readonly do: 'graph'; readonly format: GraphFormat }
  | { readonly do: 'config' }
  | { readonly do: 'names' }

export const graphFormats = ['text', 'mermaid', 'dot', 'json'] as const

/** How a graph is written. */
export type GraphFormat = (typeof graphFormats)[number]

export const exportFormats = ['kubernetes', 'compose'] as const

/** What the user asks for. */
export type Invocation =
  | {
      readonly command: 'run'
      readonly files: readonly string[]
      /** `-g`: signals go to CMD's process group. */
      readonly group: boolean
      /** `-e`: exit codes of CMD that count as 0. */
      readonly zeroCodes: readonly number[]
      /** Empty: none was given. */
      readonly argv: readonly string[]
    }
  | { readonly command: 'check'; readonly files: readonly string[]; readonly json: boolean }
  | {
      readonly command: 'config'
      readonly files: readonly string[]
      readonly origins: boolean
      readonly showSecrets: boolean
    }
  /** A Supervisor file is to be written as YAML. */
  | { readonly command: 'convert'; readonly file: string }
  /** The programs are to be written as containers of their own. */
  | {
      readonly command: 'export'
      readonly files: readonly string[]
      readonly format: (typeof exportFormats)[number]
      readonly image: string
      /** Undefined: after the folder of the configuration. */
      readonly name: string | undefined
      readonly showSecrets: boolean
    }
  /** Something is asked of the foster that is running; `socket` is what `--socket` says. */
  | { readonly command: 'client'; readonly request: ClientRequest; readonly socket: string | undefined }
  /** Text to print, and where. */
  | { readonly command: 'print'; readonly text: string; readonly exitCode: 0 | 2 }

/** Is told what was found. */
export type Found = (invocation: Invocation) => void
