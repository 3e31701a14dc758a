/** `foster export kubernetes`: a plan as a pod with a container for each program. */
import type { Plan } from '../../core/plan.ts'
import { containerOf, type Pod } from './kubernetes-container.ts'
import type { ExportOptions } from './notes.ts'
import { type Reference, references, shellWord } from './references.ts'
import type { Shown } from './shown.ts'
import { type Unit, unitsOf } from './units.ts'
import { field, render, section } from './yaml.ts'

/** Writes the pod as YAML. The plan has a program. */
export function kubernetesPod(plan: Plan, shown: Shown, { image, name }: ExportOptions): string {
  const { units, left } = unitsOf(plan.programs)
  const pod: Pod = { image, secret: `${name}-secrets`, references: references(/[^-._a-zA-Z0-9]/g), shown }
  const policy = restartPolicyOf(units)
  const containers = units.filter(({ part }) => part === 'main').map(unit => containerOf(unit, policy, pod))
  const initial = units.filter(({ part }) => part !== 'main').map(unit => containerOf(unit, policy, pod))
  const seconds = Math.ceil(plan.shutdown.timeout / 1000) + 1
  const top = section(
    field('apiVersion', 'v1'),
    field('kind', 'Pod'),
    field('metadata', section(field('name', name), field('labels', section(field('app.kubernetes.io/name', name))))),
    field(
      'spec',
      section(
        field('restartPolicy', policy),
        field('terminationGracePeriodSeconds', seconds, { beside: 'shutdown.timeout and a second' }),
        field('initContainers', initial.length > 0 ? initial : undefined, { above: inOrder }),
        field('containers', containers),
      ),
    ),
  )
  return render(top, [...headOf(plan, left), ...secretsOf(pod.secret, pod.references.all())])
}

const inOrder = [
  'One after the other: each has ended, or with restartPolicy: Always has started, before the next one begins.',
]

/** All containers of a pod have one policy; sidecars are always restarted. */
function restartPolicyOf(units: readonly Unit[]): string {
  const policies = units.filter(({ part }) => part === 'main').map(({ program }) => program)
  if (policies.every(({ restart }) => restart === 'never')) return 'Never'
  if (policies.every(({ kind }) => kind === 'task')) return 'OnFailure'
  return policies.some(({ restart }) => restart === 'always') ? 'Always' : 'OnFailure'
}

function headOf({ http, signals, shutdown }: Plan, left: readonly string[]): readonly string[] {
  return [
    'Written by `foster export kubernetes`: one container for each program. What is otherwise than under foster:',
    '- Each container has its own files and processes; they share the network, so that localhost stays what it is.',
    '  Sockets, pid files and data that programs share need a volume (emptyDir).',
    '- No program ends the pod: what fails is restarted by the kubelet, with waits of its own.',
    '- FOSTER_* variables are not set, and %(name) and %(replica) are filled in.',
    ...(http === undefined ? [] : ["- http.listen is foster's own: nothing answers there."]),
    ...(Object.keys(signals).length === 0 ? [] : ["- signals: they were foster's."]),
    ...(shutdown.delay === 0 ? [] : ['- shutdown.delay is lost: a preStop hook that sleeps does the same.']),
    ...(left.length === 0 ? [] : [`- Left out, since nothing starts them (autostart: false): ${left.join(', ')}`]),
  ]
}

function secretsOf(secret: string, all: readonly Reference[]): readonly string[] {
  if (all.length === 0) return []
  const lines = all.map(({ key, source }) => {
    return 'file' in source ? `--from-file=${shellWord(`${key}=${source.file}`)}` : `--from-literal=${key}=VALUE`
  })
  const last = lines.length - 1
  return [
    '',
    'What may be secret comes from a Secret. foster takes one newline off the end of a file, Kubernetes does not:',
    `  kubectl create secret generic ${secret} \\`,
    ...lines.map((line, index) => `    ${line}${index === last ? '' : ' \\'}`),
  ]
}
