/** What Supervisor's clients see of a configuration. */
import { signalNumbers } from '../../core/signal.ts'
import type { SupervisorPlan, SupervisorProcess, SupervisorServer, SupervisorStream } from '../../core/supervisor.ts'
import type { ProcessConfig, ServerConfig, StreamConfig, SupervisorConfig } from './model.ts'
import { planNames } from './written.ts'

/** The groups with the names that their processes have in the plan, and the servers. */
export function clientsOf({ daemon, groups, servers, hasInterface }: SupervisorConfig): SupervisorPlan {
  const names = planNames(groups)
  return {
    identifier: daemon.identifier,
    hasInterface,
    servers: servers.map(serverOf),
    groups: groups.map(({ name, priority, processes, pool }) => ({
      name,
      priority,
      processes: processes.map(it => processOf(it, names.get(it) ?? it.name)),
      ...(pool && { pool }),
    })),
  }
}

function serverOf({ section, address, login, mode, owner }: ServerConfig): SupervisorServer {
  const { name } = section
  return 'file' in address ? { section: name, login, ...address, mode, owner } : { section: name, login, ...address }
}

function processOf(process: ProcessConfig, program: string): SupervisorProcess {
  const { name, priority, autostart, autorestart, startsecs, startretries, exitcodes, stopwaitsecs } = process
  return {
    ...{ name, program, priority, autostart, autorestart, startsecs, startretries, exitcodes, stopwaitsecs },
    command: process.command.text,
    directory: process.directory?.text,
    uid: process.uid,
    stopsignal: signalNumbers[process.stopsignal],
    killasgroup: process.killasgroup,
    redirect_stderr: process.redirectStderr,
    serverurl: process.serverurl,
    stdout: streamOf(process.stdout),
    stderr: streamOf(process.stderr),
  }
}

function streamOf({
  logfile,
  maxbytes,
  backups,
  captureMaxbytes,
  eventsEnabled,
  syslog,
}: StreamConfig): SupervisorStream {
  return {
    logfile: logfile.kind === 'file' ? logfile.path : logfile.isEmpty ? '' : logfile.kind,
    logfile_backups: backups,
    logfile_maxbytes: maxbytes,
    capture_maxbytes: captureMaxbytes,
    events_enabled: eventsEnabled,
    syslog,
  }
}
