/** `foster export compose`: a plan as a Compose file with a service for each program. */
import type { Plan } from '../../core/plan.ts'
import { type Application, serviceOf } from './compose-service.ts'
import { escaped } from './compose-text.ts'
import type { ExportOptions } from './notes.ts'
import { type Reference, references, shellWord } from './references.ts'
import type { Shown } from './shown.ts'
import { type Unit, unitsOf } from './units.ts'
import { type Field, field, render, section } from './yaml.ts'

/** Writes the Compose file. The plan has a program. */
export function composeFile(plan: Plan, shown: Shown, { image, name }: ExportOptions): string {
  const { units, left } = unitsOf(plan.programs)
  const network = networkOf(units)
  const application: Application = {
    ...{ image, shown, network: network.name },
    references: references(/^(?=\d)|[^A-Za-z0-9_]/g),
  }
  const own = network.isOwn ? ownNetwork(network.name, image) : []
  const services = units.flatMap(unit => serviceOf(unit, application))
  const top = section(field('name', name), field('services', { fields: [...own, ...services] }))
  return render(top, [...headOf(plan, left, network.name), ...variablesOf(application.references.all())])
}

interface Network {
  /** Undefined: there is one service only. */
  readonly name: string | undefined
  /** It is a service for that alone. */
  readonly isOwn: boolean
}

/** Whose network all others share: a service that stays, and that waits for nobody since they all wait for it. */
function networkOf(units: readonly Unit[]): Network {
  if (units.length < 2) return { name: undefined, isOwn: false }
  const first = units.find(({ part, dependsOn }) => part !== 'init' && dependsOn.length === 0)
  if (first !== undefined && first.program.kind === 'service') return { name: first.name, isOwn: false }
  const names = new Set(units.map(it => it.name))
  let name = 'network'
  for (let count = 2; names.has(name); count++) name = `network-${count}`
  return { name, isOwn: true }
}

function ownNetwork(name: string | undefined, image: string): readonly Field[] {
  if (name === undefined) return []
  const service = section(
    field('image', escaped(image)),
    field('entrypoint', ['sleep', 'infinity']),
    field('init', true),
    field('healthcheck', section(field('disable', true))),
  )
  return field(name, service, { above: ['It only holds the network, since no service is there from first to last.'] })
}

function headOf({ http, signals }: Plan, left: readonly string[], network: string | undefined): readonly string[] {
  const shared = [
    `- All services share the network of "${network}", so that localhost stays what it is: "ports" belong there, and when`,
    '  it is started again, the others have to be as well. Give each a network of its own once they use names.',
  ]
  return [
    'Written by `foster export compose`: one service for each program. What is otherwise than under foster:',
    '- Each has its own files and processes: sockets, pid files and data that programs share need a volume.',
    ...(network === undefined ? [] : shared),
    '- No program ends the others.',
    '- FOSTER_* variables are not set, and %(name) and %(replica) are filled in.',
    ...(http === undefined ? [] : ["- http.listen is foster's own: nothing answers there."]),
    ...(Object.keys(signals).length === 0 ? [] : ["- signals: they were foster's."]),
    ...(left.length === 0 ? [] : [`- Left out, since nothing starts them (autostart: false): ${left.join(', ')}`]),
  ]
}

function variablesOf(all: readonly Reference[]): readonly string[] {
  if (all.length === 0) return []
  const lines = all.map(({ key, source }) => {
    return 'file' in source ? `  export ${key}="$(cat ${shellWord(source.file)})"` : `  export ${key}=VALUE`
  })
  return ['', 'What may be secret comes from variables of whoever runs docker compose:', ...lines]
}
