import { windowsWord, xml } from '../../system/windows-words';

export interface SessionTask {
  name: string;
  /** Whose session. */
  sid: string;
  /** Program and arguments. */
  command: readonly string[];
}

/**
 * A task that runs once, in the session in which its user is signed in, without the privileges of an administrator (row C3). No password
 * is needed for that. @returns text for a file in UTF-16 with a byte order mark, as schtasks wants it.
 */
export function sessionTaskXml({ sid, command }: SessionTask): string {
  const [program = '', ...args] = command;
  return `\uFEFF<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <Principals><Principal id="Author">
    <UserId>${xml(sid)}</UserId><LogonType>InteractiveToken</LogonType><RunLevel>LeastPrivilege</RunLevel>
  </Principal></Principals>
  <Settings>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>5</Priority>
  </Settings>
  <Actions Context="Author"><Exec><Command>${xml(program)}</Command><Arguments>${xml(
    args.map(windowsWord).join(' '),
  )}</Arguments></Exec></Actions>
</Task>
`;
}

export function taskCommands(
  { name }: Pick<SessionTask, 'name'>,
  file: string,
): Record<'create' | 'start' | 'remove', [string, ...string[]]> {
  return {
    create: ['schtasks.exe', '/create', '/tn', name, '/xml', file, '/f'],
    start: ['schtasks.exe', '/run', '/tn', name],
    remove: ['schtasks.exe', '/delete', '/tn', name, '/f'],
  };
}

/** Lets the user change what is in a folder, or only read it. The right is the user's alone and taken back by `revokeCommand`. */
export function grantCommand(folder: string, sid: string, right: 'change' | 'read'): [string, ...string[]] {
  return ['icacls.exe', folder, '/grant', `*${sid}:(OI)(CI)${right === 'change' ? 'M' : 'RX'}`, '/q'];
}

export function revokeCommand(folder: string, sid: string): [string, ...string[]] {
  return ['icacls.exe', folder, '/remove', `*${sid}`, '/q'];
}
