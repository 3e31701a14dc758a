/** The page at `/`: what runs, and buttons. HTML of its own, without scripts, and nothing from elsewhere. */
import type { Struct } from './codec.ts'

/** What stands on top of the page: what came of the last action. */
export interface PageOptions {
  /** Who sends it back may change something. */
  readonly token: string
  readonly identifier: string
  readonly message: string | undefined
  /** What `getAllProcessInfo` answers. */
  readonly processes: readonly Struct[]
}

/** Text that stands in HTML, in an attribute too. */
export function html(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}

const style = `body{font:15px/1.4 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#222;background:#fff}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #ddd}
form{display:inline}button{font:inherit;margin-right:.3rem}pre{white-space:pre-wrap;overflow-wrap:anywhere}
.RUNNING{color:#176b2c}.FATAL,.BACKOFF{color:#b00020}.message{border-left:4px solid #888;padding:.3rem .8rem}`

function document(title: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>${html(title)}</title><style>${style}</style></head>
<body>${body}</body></html>
`
}

/** The states of all processes. */
export function statusPage({ token, identifier, message, processes }: PageOptions): string {
  const rows = processes.map(it => row(it, token)).join('\n')
  const title = `foster: ${identifier}`
  const all = form(token, '', [
    ['startall', 'Start all'],
    ['stopall', 'Stop all'],
    ['restartall', 'Restart all'],
  ])
  const told = message === undefined ? '' : `<p class="message" role="status">${html(message)}</p>`
  const table = `<table><thead><tr><th>State<th>Description<th>Name<th>Actions</tr></thead><tbody>
${rows}
</tbody></table>`
  const body = processes.length === 0 ? '<p>There are no programs.</p>' : table
  return document(title, `<h1>${html(title)}</h1>\n${told}\n<div><a href="/">Refresh</a> ${all}</div>\n${body}`)
}

function row(info: Struct, token: string): string {
  const [group, name, state] = [String(info.group), String(info.name), String(info.statename)]
  const spec = `${group}:${name}`
  const shown = group === name ? name : spec
  const runs = ['RUNNING', 'STARTING', 'BACKOFF'].includes(state)
  const buttons = form(token, spec, [
    ...(runs ? ([['restart', 'Restart']] as const) : ([['start', 'Start']] as const)),
    ...(runs ? ([['stop', 'Stop']] as const) : []),
    ['clearlog', 'Clear log'],
  ])
  const tail = (stream: string): string =>
    `<a href="/tail.html?processname=${html(encodeURIComponent(spec))}&#38;stream=${stream}">${stream}</a>`
  const cells = [`<span class="${html(state)}">${html(state)}</span>`, html(String(info.description)), html(shown)]
  return `<tr><td>${cells.join('<td>')}<td>${buttons} ${tail('stdout')} ${tail('stderr')}</tr>`
}

function form(token: string, spec: string, actions: readonly (readonly [string, string])[]): string {
  const buttons = actions.map(([action, words]) => `<button name="action" value="${action}">${words}</button>`)
  const fields = { token, processname: spec }
  const hidden = Object.entries(fields).map(([name, it]) => `<input type="hidden" name="${name}" value="${html(it)}">`)
  return `<form method="post" action="/">${hidden.join('')}${buttons.join('')}</form>`
}

/** The end of a log. */
export function tailPage(spec: string, stream: string, text: string): string {
  const title = `${spec}: ${stream}`
  return document(title, `<h1>${html(title)}</h1>\n<p><a href="/">Back</a></p>\n<pre>${html(text)}</pre>`)
}
