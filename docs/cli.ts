/** docs/cli.md: every command's own help, and how the commands end. */
import { commandWords, parseArguments } from '../src/cli/arguments.ts'
import { exitCodes } from '../src/cli/failure.ts'
import { parseSupervisorctl } from '../src/cli/supervisorctl/options.ts'
import { parseSupervisord } from '../src/cli/supervisord.ts'

/** What `foster WORD --help` prints. */
export function helpOf(...words: readonly string[]): string {
  const given = asSupervisor(words[0]) ?? parseArguments([...words, '--help'], '')
  if (given.command !== 'print' || given.exitCode !== 0) throw new Error(`no help of ${words}`)
  return given.text
}

/** The help of foster called by one of Supervisor's names. */
function asSupervisor(word: string | undefined) {
  if (word === 'supervisord') return parseSupervisord(['--help'], word, '')
  return word === 'supervisorctl' ? parseSupervisorctl(['--help'], word) : undefined
}

const section = (word: string) => `## foster ${word}\n\n\`\`\`\n${helpOf(word).trimEnd()}\n\`\`\`\n`

/** The page. */
export function cliPage(note: string): string {
  const codes = Object.values(exitCodes).map(({ code, means }) => `| ${code} | ${means} |`)
  const words = commandWords.filter(word => word !== 'help')
  return `${note}
# Command line

\`\`\`
${helpOf().trimEnd()}
\`\`\`

# Commands for a running foster

They talk to the foster of this container over its control socket, so they are run inside:
\`docker exec CONTAINER foster status\`. The socket is the one that \`--socket\` names, else \`$FOSTER_SOCKET\`, else
\`control.socket\` of the configuration that foster would find (\`$FOSTER_CONFIG\`, \`/etc/foster/foster.yaml\`, ...), else
the first that there is of \`/run/foster.sock\`, \`$XDG_RUNTIME_DIR/foster.sock\` and \`/tmp/foster-UID/foster.sock\`. A
server that runs neither as root nor as the user of the command is refused: somebody else could have put it there.

Results go to stdout, what is wrong and what is waited for to stderr. Tables are broken to fit a terminal and never
otherwise; colours are for terminals, unless \`NO_COLOR\` is set. Output of programs is shown as they wrote it.

With \`--json\`: \`status\`, \`health\`, \`graph\` and \`shutdown\` print what the API answers, one document;
\`tail\`, \`logs\` and \`events\` its lines, one object each; \`start\`, \`stop\`, \`restart\` and \`signal\` an object with
\`results\` (those of the API) and \`failures\` (\`name\`, \`code\`, \`message\`, \`hint\`: names that could not be asked for);
\`pid\` either \`{"pid": 1}\` or \`{"pids": {"web": 12}}\`, null for what does not run. A failure of the command as a whole is
an object with \`code\`, \`message\` and \`hint\` on stderr. Fields may be added, none is taken away.

\`start\` and \`restart\` of several names ask for all of them at once, since they may wait for one another; \`stop\` stops
them in the order in which they are named; \`GROUP:*\` and \`all\` leave the order to foster. Ctrl-C ends the waiting, not
what was asked for. A \`start\` of what runs already and is not ready yet waits until it is; with \`--no-wait\`, and where
there is nothing to wait for, it says \`already started\`.

\`tail -f\`, \`logs -f\` and \`events -f\` go on over restarts of the programs until foster ends (0) or is interrupted.
\`logs -f\` follows the programs that there are when it begins, not those that a reload adds.

| exit code | when |
|---:|---|
${codes.join('\n')}
| 128+n | ended by signal n; 130: Ctrl-C |

\`health\` ends with 0 or 1 only, so that it can be a \`HEALTHCHECK\` of Docker's or an exec probe of Kubernetes':

\`\`\`dockerfile
HEALTHCHECK --interval=10s CMD ["/opt/foster/foster", "health"]
\`\`\`

${words.map(section).join('\n')}`
}
