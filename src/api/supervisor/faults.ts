/** What can go wrong with a call, by Supervisor's numbers and names. */
export const faultCodes = {
  UNKNOWN_METHOD: 1,
  INCORRECT_PARAMETERS: 2,
  BAD_ARGUMENTS: 3,
  SIGNATURE_UNSUPPORTED: 4,
  SHUTDOWN_STATE: 6,
  BAD_NAME: 10,
  BAD_SIGNAL: 11,
  NO_FILE: 20,
  NOT_EXECUTABLE: 21,
  FAILED: 30,
  ABNORMAL_TERMINATION: 40,
  SPAWN_ERROR: 50,
  ALREADY_STARTED: 60,
  NOT_RUNNING: 70,
  SUCCESS: 80,
  ALREADY_ADDED: 90,
  STILL_RUNNING: 91,
  CANT_REREAD: 92,
} as const

/** The name of a fault. */
export type FaultName = keyof typeof faultCodes

/** A call that has failed, as an exception of the method: `text` is `NAME`, or `NAME: what`. */
export class Fault extends Error {
  readonly code: number
  readonly text: string

  constructor(name: FaultName, what?: string) {
    const text = what === undefined ? name : `${name}: ${what}`
    super(text)
    this.code = faultCodes[name]
    this.text = text
  }
}
