import { z } from 'zod';
import { AgentError } from '../../errors';
import type { RunTool } from '../../system/run-tool';
import { runScript, type PowerShellScript } from './power-shell';

/** A session in which somebody is signed in. */
export interface WindowsSession {
  id: number;
  user: string;
  /** Absent as long as no program of the user runs in it. */
  sid?: string;
  /** `DOMAIN\user` where it is known. */
  account?: string;
  state: 'active' | 'locked' | 'disconnected';
}

export const QUERY_SESSION = ['query.exe', 'session'] as const;

/** A row of `query session`. */
export interface SessionRow {
  id: number;
  /** Empty where nobody is signed in. */
  user: string;
  /** `console`, `rdp-tcp#3`; empty where no screen is connected. */
  station: string;
}

/**
 * Reads what `query session` (qwinsta) prints: columns of a fixed width, whose headings and states are in the system's language. So only what
 * no language changes is used: a session whose screen is taken away has no name.
 */
export function parseQuerySession(text: string): SessionRow[] {
  const [, ...rows] = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return rows.flatMap((row) => {
    // One column for the mark of the own session, 18 for the name, then user and id up to column 46.
    const station = row.slice(1, 19).trim();
    const [, user = '', id] = /^(.*?)\s*\b(\d+)$/.exec(row.slice(19, 46).trimEnd()) ?? [];
    return id === undefined ? [] : [{ id: Number(id), user: user.trim(), station }];
  });
}

/**
 * Who runs the shell of each session, and in which the sign-in screen stands before it: LogonUI runs exactly while a session is locked (or
 * nobody is signed in yet). `query session` tells neither domain nor lock.
 */
export const PROGRAMS_SCRIPT: PowerShellScript = {
  name: 'sessions',
  text: `$names = 'explorer.exe', 'sihost.exe', 'LogonUI.exe'
$found = Get-CimInstance Win32_Process | Where-Object { $names -contains $_.Name -and $_.SessionId -ne 0 }
$rows = foreach ($one in $found) {
  $owner = Invoke-CimMethod -InputObject $one -MethodName GetOwner
  $sid = Invoke-CimMethod -InputObject $one -MethodName GetOwnerSid
  [pscustomobject]@{ session = [int]$one.SessionId; program = $one.Name; sid = $sid.Sid; account = "$($owner.Domain)\\$($owner.User)" }
}
ConvertTo-Json -Compress -InputObject @($rows)
`,
};

const programsSchema = z.array(
  z.object({
    session: z.int(),
    program: z.string(),
    sid: z.string().nullish(),
    account: z.string().nullish(),
  }),
);
export type SessionProgram = z.infer<typeof programsSchema>[number];

export function combineSessions(
  rows: readonly SessionRow[],
  programs: readonly SessionProgram[],
): WindowsSession[] {
  return rows
    .filter(({ id, user }) => id !== 0 && id < 65_536 && user !== '')
    .map(({ id, user, station }) => {
      const inside = programs.filter(({ session }) => session === id);
      const locked = inside.some(({ program }) => isLogonUi(program));
      const shell = inside.find(({ program }) => !isLogonUi(program));
      return {
        id,
        user,
        ...(shell?.sid ? { sid: shell.sid } : {}),
        ...(shell?.account ? { account: shell.account } : {}),
        state: station === '' ? 'disconnected' : locked ? 'locked' : 'active',
      };
    });
}

/** The sessions in which somebody is signed in. @throws AgentError Internal when the system does not tell. */
export async function listSessions(run: RunTool): Promise<WindowsSession[]> {
  const [program, ...args] = QUERY_SESSION;
  // Its exit code is 1 on some versions, whatever it has found.
  const { stdout, stderr } = await run(program, args);
  const rows = parseQuerySession(stdout);
  if (rows.length === 0) throw new AgentError('Internal', `query session told nothing: ${stderr.trim()}`);
  return combineSessions(rows, await runScript(run, PROGRAMS_SCRIPT, {}, programsSchema));
}

function isLogonUi(program: string): boolean {
  return program.toLowerCase() === 'logonui.exe';
}

/** Takes the screen away: what runs goes on, and only the password brings it back. */
export const lockCommand = (id: number): [string, ...string[]] => ['tsdiscon.exe', String(id)];
/** Ends every program of the session. */
export const signOffCommand = (id: number): [string, ...string[]] => ['logoff.exe', String(id)];
