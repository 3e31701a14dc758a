/** The probe `tcp`: something takes a connection. */
import type { Check } from '../../core/probe.ts'
import { connect, nameOf } from '../../os/connect.ts'
import { type Limits, type Outcome, within } from './try.ts'

/** Connects and closes again, politely (FIN), as Kubernetes does. */
export function tryTcp(check: Extract<Check, { by: 'tcp' }>, limits: Limits): Promise<Outcome> {
  return within(limits, async signal => {
    const socket = await connect({ host: check.host, port: check.port }, signal)
    socket.destroy()
    return { ok: true, detail: `connected to ${nameOf(check)}` }
  })
}
