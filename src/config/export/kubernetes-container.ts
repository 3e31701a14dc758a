/** One program as a container of a pod. */
import type { Program } from '../../core/plan.ts'
import { probeFields, probeNotes } from './kubernetes-probes.ts'
import { lostOf } from './lost.ts'
import { maskedNote } from './notes.ts'
import type { References } from './references.ts'
import type { Shown } from './shown.ts'
import type { Unit } from './units.ts'
import { type Field, field, type Section, section } from './yaml.ts'

/** What the containers of a pod have in common. */
export interface Pod {
  readonly image: string
  /** The name of its Secret. */
  readonly secret: string
  readonly references: References
  readonly shown: Shown
}

/** Makes the container; `policy` is the pod's. */
export function containerOf(unit: Unit, policy: string, pod: Pod): Section {
  const { program, name, part } = unit
  const { user, tty, stdin } = program
  const { env, unnamed } = envOf(unit, pod)
  const command = pod.shown.words(program, ['command'], program.command)
  const dir =
    program.workingDir === undefined ? undefined : pod.shown.text(program, ['working_dir'], program.workingDir)
  // Where only further groups are configured, the user is whoever foster is.
  const ids = user?.home === undefined ? undefined : user
  const fields = section(
    field('name', name),
    field('image', pod.image),
    field('restartPolicy', part === 'sidecar' ? 'Always' : undefined),
    field('command', command.value.map(unexpanded), { above: command.isMasked ? [maskedNote] : [] }),
    field('workingDir', dir?.value, { above: dir?.isMasked ? [maskedNote] : [] }),
    field('env', env.length > 0 ? env : undefined),
    field('stdin', stdin !== 'null' || tty ? true : undefined),
    field('tty', tty || undefined),
    field('securityContext', ids && section(field('runAsUser', ids.uid), field('runAsGroup', ids.gid))),
    probeFields(unit, pod.shown),
    part === 'init' ? [] : lifecycleOf(program, pod.shown),
  )
  const notes = [...policyNotes(unit, policy), ...probeNotes(unit), ...lostOf(unit, 'kubernetes'), ...unnamed]
  return { ...fields, above: [...about(unit), ...notes.map(note => `- ${note}`)] }
}

function about({ program, name, part }: Unit): readonly string[] {
  const label = program.replica === undefined ? program.name : `${program.name}:${program.replica}`
  const called = label === name ? name : `${name}, which is ${JSON.stringify(label)} in the configuration`
  if (part === 'main') return [called]
  return [
    `${called}: ${part === 'init' ? 'it ends before what is below begins' : 'a sidecar, since others depend on it'}`,
  ]
}

function policyNotes({ program: { restart, kind }, part }: Unit, policy: string): readonly string[] {
  const own = { always: 'Always', 'on-failure': 'OnFailure', never: 'Never' }[restart]
  if (part === 'sidecar') return restart === 'never' ? ['restart: never: a sidecar is always restarted'] : []
  if (part === 'init') {
    const isSame = (policy === 'Never') === (restart === 'never')
    return isSame ? [] : [`restart: ${restart}: here the restartPolicy of the pod, ${policy}, decides`]
  }
  const more = kind === 'task' ? ['a task: the pod, and its sidecars, end with it'] : []
  return own === policy ? more : [...more, `restart: ${restart}: the pod has one restartPolicy for all, ${policy}`]
}

/** Names that every version of Kubernetes takes. */
const named = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/

function envOf(unit: Unit, pod: Pod): { readonly env: readonly Section[]; readonly unnamed: readonly string[] } {
  const { program, name } = unit
  const { environment, secrets, user, setsIdentity } = program
  const values = Object.entries(environment)
  const literal = (variable: string, value: string): Section => {
    return section(field('name', variable), field('value', unexpanded(value)))
  }
  const fromSecret = (variable: string, key: string, above: readonly string[]): Section => {
    const reference = section(field('name', pod.secret), field('key', key))
    return {
      ...section(field('name', variable), field('valueFrom', section(field('secretKeyRef', reference)))),
      above,
    }
  }
  const isSet = (variable: string): boolean => Object.hasOwn(environment, variable) || Object.hasOwn(secrets, variable)
  const identity =
    setsIdentity && user?.home !== undefined ? { HOME: user.home, USER: user.name, LOGNAME: user.name } : {}
  const env = [
    ...Object.entries(identity).flatMap(([variable, value]) =>
      value === undefined || isSet(variable) ? [] : [literal(variable, value)],
    ),
    ...values.flatMap(([variable, value]) => {
      if (!named.test(variable)) return []
      if (pod.shown.isLiteral(program, variable)) return [literal(variable, value)]
      const key = pod.references.to(name, variable, { value })
      return [fromSecret(variable, key, ['came from a variable or an env_file: --show-secrets writes it here'])]
    }),
    ...Object.entries(secrets).flatMap(([variable, file]) => {
      return named.test(variable) ? [fromSecret(variable, pod.references.to(name, variable, { file }), [])] : []
    }),
  ]
  const others = [...values.map(([variable]) => variable), ...Object.keys(secrets)].filter(it => !named.test(it))
  const unnamed = others.map(
    variable => `Kubernetes takes no variable of the name ${JSON.stringify(variable)}: left out`,
  )
  return { env, unnamed }
}

/** Kubernetes fills `$(NAME)` into commands and variables, and makes `$$` one sign. */
function unexpanded(text: string): string {
  return text.replace(/\$\$+|\$(?=\()/g, signs => signs + signs)
}

function lifecycleOf(program: Program, shown: Shown): readonly Field[] {
  const { stopCommand } = program
  if (stopCommand === undefined) return []
  const { value, isMasked } = shown.words(program, ['stop_command'], stopCommand)
  const above = ['stop_command: here TERM follows it, and MAINPID is not set', ...(isMasked ? [maskedNote] : [])]
  return field('lifecycle', section(field('preStop', section(field('exec', section(field('command', value)))))), {
    above,
  })
}
