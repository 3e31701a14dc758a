/** A Procfile, as Heroku and foreman have it: `name: command` lines, each a service that is run by the shell. */
import type { Diagnostic } from '../errors.ts'
import { type Entry, fault, type Mapping, type Origin, type Scalar, type Tree } from './tree.ts'

/** Parses a Procfile to what a YAML file would say. Its variables are the shell's, so nothing is filled in. */
export function parseProcfile(text: string, file: string, diagnostics: Diagnostic[]): Tree {
  const programs = new Map<string, Entry<Scalar>>()
  const top: Origin = { file, line: 1, column: 1, length: 1 }
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(?:#.*)?$/.test(line)) continue
    const match = /^(\s*)([A-Za-z0-9_.-]+)(\s*:\s*)(.*\S)\s*$/.exec(line)
    const place = (column: number, length: number): Origin => ({ file, line: index + 1, column, length })
    if (match === null) {
      const hint = /^\s*[\w.-]+\s*:\s*$/.test(line) ? 'the command is missing' : undefined
      diagnostics.push(fault(place(1, line.length), 'procfile', 'expected a line such as "web: command"', hint))
      continue
    }
    const [, indent = '', name = '', colon = '', command = ''] = match
    const at = place(indent.length + 1, name.length)
    if (programs.has(name)) {
      diagnostics.push(fault(at, 'duplicate-key', `the program "${name}" is written twice`))
      continue
    }
    const commandAt = place(indent.length + name.length + colon.length + 1, command.length)
    programs.set(name, { at, node: program(at, commandAt, command) })
  }
  return mapping(top, [['programs', { at: top, node: { kind: 'map', at: top, entries: programs } }]])
}

function program(at: Origin, commandAt: Origin, command: string): Mapping<Scalar> {
  const scalar = (text: string, value: string | boolean, at: Origin): Entry<Scalar> => ({
    at,
    node: { kind: 'scalar', at, text, plain: typeof value !== 'string', masked: false, value },
  })
  return mapping(at, [
    ['command', scalar(command, command, commandAt)],
    ['shell', scalar('true', true, commandAt)],
  ])
}

function mapping(at: Origin, entries: [string, Entry<Scalar>][]): Mapping<Scalar> {
  return { kind: 'map', at, entries: new Map(entries) }
}
