/** Where the control socket stands. Decided before anything is started, since programs are told; opened after that. */
import { lstatSync } from 'node:fs'
import { dirname } from 'node:path'
import { socketPlaces } from '../api/protocol.ts'
import type { Control } from '../core/control.ts'
import { canHold, makeParent, usualPlace } from '../os/socket-file.ts'
import { listenerAt } from '../os/sockets.ts'
import { socketVariable } from './environment.ts'

/** The place, or why there is none. */
export type ControlPlace =
  | { readonly path: string }
  /** It cannot be made anywhere: foster runs without. */
  | { readonly without: string }
  /** Another foster uses it: this one must not start the same programs again. */
  | { readonly taken: string }

/** Decides on the place; undefined: the configuration wants none. Costs a few system calls where nothing is in the way. */
export function placeControl(
  { socket }: Control,
  uid: number,
  environment: Readonly<Record<string, string>>,
): ControlPlace | undefined {
  if (typeof socket !== 'string' && socket.at === 'none') return undefined
  const places = socketPlaces({ uid, environment })
  const path = typeof socket === 'string' ? chosen(socket) : usualPlace(places, uid)
  if (path === undefined) return { without: `no place for it: tried ${places.join(', ')}` }
  if (typeof path !== 'string') return path
  return standing(path)
}

/** A place that the configuration names. */
function chosen(path: string): string | ControlPlace {
  try {
    makeParent(path)
  } catch {
    // What is wrong with it is said next.
  }
  return canHold(dirname(path)) ? path : { without: `no socket can be made in ${dirname(path)}` }
}

/** Looks at what stands there already. */
function standing(path: string): ControlPlace {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return { path }
  const listener = listenerAt(path)
  if (listener === 'other') return { without: `${path} is there already, and is no socket of foster's` }
  if (typeof listener === 'string') return { path }
  const who = listener > 0 ? `pid ${listener}` : 'a process in another container'
  return {
    taken: `the control socket ${path} is in use: foster is running already (${who})
  stop it first; or, if there are to be two, give this one another control.socket, or "socket: false"`,
  }
}

/** What programs are told of it. */
export function pathOf(place: ControlPlace | undefined): Readonly<Record<string, string>> {
  return place !== undefined && 'path' in place ? { [socketVariable]: place.path } : {}
}
