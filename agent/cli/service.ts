import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AgentError } from '../errors';
import type { RunTool } from '../system/run-tool';
import { windowsWord, xml } from '../system/windows-words';

/** Name of the service, and of the task on Windows. */
export const SERVICE = 'attendant-agent';
const UNIT_FILE = `/etc/systemd/system/${SERVICE}.service`;

export interface ServiceOptions {
  /** Full paths of Node and of the agent's program. */
  node: string;
  program: string;
  /** Data folder of a registered machine. */
  dataDir: string;
  /** More for `attendant-agent run`. */
  args?: readonly string[];
}

/** What is done to the machine, so that it can be shown first. */
export interface ServicePlan {
  write: { file: string; text: string; encoding: 'utf8' | 'utf16le' }[];
  run: [program: string, ...args: string[]][];
  remove: string[];
}

/** A service of systemd. Its log is the journal's, which rotates it. */
export function systemdInstallation(options: ServiceOptions): ServicePlan {
  const { node, program, dataDir, args = [] } = options;
  const start = [node, program, 'run', '--data', dataDir, ...args].map(systemdWord).join(' ');
  const text = `[Unit]
Description=Attendant agent: runs desktop flows on this computer
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart=${start}
Restart=always
RestartSec=5
# 78: the agent cannot work until somebody mends its configuration.
RestartPreventExitStatus=78
# The agent ends its runs itself; sessions that are kept for reuse outlive it.
KillMode=process
Delegate=yes
UMask=0077
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
`;
  return {
    write: [{ file: UNIT_FILE, text, encoding: 'utf8' }],
    run: [
      ['systemctl', 'daemon-reload'],
      ['systemctl', 'enable', SERVICE],
      ['systemctl', 'restart', SERVICE],
    ],
    remove: [],
  };
}

export function systemdRemoval(): ServicePlan {
  return {
    write: [],
    run: [
      ['systemctl', 'disable', '--now', SERVICE],
      ['systemctl', 'daemon-reload'],
    ],
    remove: [UNIT_FILE],
  };
}

/** Full control for the system and for administrators, nobody else; by SID, because names of groups are translated. */
const PRIVATE = ['/inheritance:r', '/grant:r', '*S-1-5-18:(OI)(CI)F', '/grant:r', '*S-1-5-32-544:(OI)(CI)F'];

/** A task that starts with Windows as the system's own account (docs/adr/0006-windows-sessions.md). Its log is a file in the data folder. */
export function windowsInstallation(options: ServiceOptions): ServicePlan {
  const { node, program, dataDir, args = [] } = options;
  const log = path.win32.join(dataDir, 'agent.log');
  const words = [program, 'run', '--data', dataDir, '--log-file', log, ...args].map(windowsWord).join(' ');
  const text = `\uFEFF<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>Attendant agent: runs desktop flows on this computer</Description></RegistrationInfo>
  <Triggers><BootTrigger><Enabled>true</Enabled></BootTrigger></Triggers>
  <Principals><Principal id="Author"><UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel></Principal></Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>5</Priority>
    <RestartOnFailure><Interval>PT1M</Interval><Count>999</Count></RestartOnFailure>
  </Settings>
  <Actions Context="Author"><Exec><Command>${xml(node)}</Command><Arguments>${xml(words)}</Arguments></Exec></Actions>
</Task>
`;
  const file = path.win32.join(dataDir, 'service.xml');
  return {
    write: [{ file, text, encoding: 'utf16le' }],
    run: [
      ['icacls', dataDir, ...PRIVATE],
      ['schtasks', '/create', '/tn', SERVICE, '/xml', file, '/f'],
      ['schtasks', '/run', '/tn', SERVICE],
    ],
    remove: [],
  };
}

export function windowsRemoval(dataDir: string): ServicePlan {
  return {
    write: [],
    run: [
      ['schtasks', '/end', '/tn', SERVICE],
      ['schtasks', '/delete', '/tn', SERVICE, '/f'],
    ],
    remove: [path.win32.join(dataDir, 'service.xml')],
  };
}

/** Commands that have the service start the program anew. */
export function restartCommands(platform: NodeJS.Platform): ServicePlan['run'] {
  if (platform !== 'win32') return [['systemctl', 'restart', SERVICE]];
  return [
    ['schtasks', '/end', '/tn', SERVICE],
    ['schtasks', '/run', '/tn', SERVICE],
  ];
}

/** What a plan does, for people. */
export function describePlan({ write, run, remove }: ServicePlan): string {
  return [
    ...write.map(({ file, text }) => `# ${file}\n${text.replace('\uFEFF', '')}`),
    ...run.map((words) => words.map(windowsWord).join(' ')),
    ...remove.map((file) => `# ${file} is removed`),
  ].join('\n');
}

/** @throws AgentError ServiceNotChanged with what the system said. */
export async function carryOut({ write, run, remove }: ServicePlan, runTool: RunTool): Promise<void> {
  try {
    for (const { file, text, encoding } of write) {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, text, { encoding, mode: 0o644 });
    }
  } catch (error) {
    throw new AgentError('ServiceNotChanged', String(error), { cause: error });
  }
  await runAll(run, runTool);
  for (const file of remove) await rm(file, { force: true });
}

/** @throws AgentError ServiceNotChanged with what the system said. */
export async function runAll(commands: ServicePlan['run'], runTool: RunTool): Promise<void> {
  for (const [program, ...args] of commands) {
    const { code, stdout, stderr } = await runTool(program, args);
    const ending = args[0] === '/end';
    if (code === 0 || ending) continue;
    const said = (stderr || stdout).trim();
    throw new AgentError(
      'ServiceNotChanged',
      `${[program, ...args].join(' ')}: ${said || `exit code ${code}`}`,
    );
  }
}

/** systemd.service(5), "Command lines": % and $ mean something, quotes take blanks in. */
function systemdWord(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w@%+=:,./$-]+$/.test(escaped) ? escaped : `"${escaped.replaceAll(/["\\]/g, '\\$&')}"`;
}
