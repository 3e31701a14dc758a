/** What a shared socket is called: as it is written in a Supervisor file. */
import type { SharedSocket } from './plan.ts'

/** `unix:///run/php.sock`, `tcp://127.0.0.1:9000`. */
export function urlOf({ address }: SharedSocket): string {
  return 'file' in address ? `unix://${address.file}` : `tcp://${address.host}:${address.port}`
}
