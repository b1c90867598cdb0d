import type { OsFamily } from '../../../contracts/agent-protocol';
import { AgentError } from '../../errors';
import type { RunTool } from '../../system/run-tool';
import type { SessionReport } from '../session';

const VERSION_KEY = String.raw`HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion`;
const SERVER_KEY = String.raw`HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server`;
const LISTENER_KEY = String.raw`${SERVER_KEY}\WinStations\RDP-Tcp`;
const POLICY_KEY = String.raw`HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services`;

/** Row G2: what a server allows whose purpose is not to serve sessions. */
const ADMINISTRATORS_SESSIONS = 2;
/** "Limit number of connections": this and more is no limit (Microsoft's policy "TS_MAX_CON_POLICY"). */
const UNLIMITED = 999_999;

export const regQuery = (key: string): [string, ...string[]] => ['reg.exe', 'query', key];

/** Values of one key as `reg query` prints them, by name in small letters; numbers are hexadecimal there. */
export function parseRegistry(text: string): Map<string, string | number> {
  const values = new Map<string, string | number>();
  for (const line of text.split(/\r?\n/)) {
    const [, name = '', type, value = ''] = /^ {4}(.+?) {4}(REG_\w+)(?: {4}(.*))?$/.exec(line) ?? [];
    if (type === undefined) continue;
    values.set(name.toLowerCase(), type === 'REG_DWORD' ? Number(value) : value.trim());
  }
  return values;
}

type Values = ReturnType<typeof parseRegistry>;

/** Servers by the build of their release (Microsoft, "Windows Server release information"). */
const SERVERS: Readonly<Record<number, OsFamily>> = {
  14_393: 'server2016',
  17_763: 'server2019',
  20_348: 'server2022',
};
const FIRST_WINDOWS_11 = 22_000;

/** Row C6. @throws AgentError UnsupportedOs. */
export function editionOf(version: Values): Pick<SessionReport, 'os' | 'osVersion'> {
  const build = Number(version.get('currentbuildnumber'));
  const major = version.get('currentmajorversionnumber');
  const product = String(version.get('productname') ?? 'Windows');
  const release = version.get('displayversion') ?? version.get('releaseid') ?? '';
  const client = version.get('installationtype') === 'Client';
  const os =
    client && major === 10
      ? build >= FIRST_WINDOWS_11
        ? 'windows11'
        : 'windows10'
      : client
        ? undefined
        : SERVERS[build];
  if (os === undefined)
    throw new AgentError('UnsupportedOs', `${product}, build ${build}, is not supported.`);
  // The registry of Windows 11 still says Windows 10.
  const name = os === 'windows11' ? product.replace('Windows 10', 'Windows 11') : product;
  return { os, osVersion: `${name} ${release} (build ${build})`.replace('  ', ' ') };
}

export interface RegistryValues {
  server: Values;
  listener: Values;
  policy: Values;
}

/** Rows G2 and D5: sessions at once, and whether one user may have several. Policies win over settings. */
export function limitsOf(
  os: OsFamily,
  { server, listener, policy }: RegistryValues,
): Pick<SessionReport, 'maxSessions' | 'rds' | 'multipleSessionsPerUser'> {
  if (os === 'windows10' || os === 'windows11')
    return { maxSessions: 1, rds: false, multipleSessionsPerUser: false };
  // Set by the role "Remote Desktop Session Host" alone.
  const rds = server.get('tsappcompat') === 1;
  const single = policy.get('fsinglesessionperuser') ?? server.get('fsinglesessionperuser') ?? 1;
  const limit = Number(policy.get('maxinstancecount') ?? listener.get('maxinstancecount') ?? UNLIMITED);
  const maxSessions = rds ? Math.max(1, Math.min(limit, UNLIMITED)) : ADMINISTRATORS_SESSIONS;
  return { rds, maxSessions, multipleSessionsPerUser: single === 0 };
}

/** Remote Desktop is how sessions are made. @returns what keeps it from that. */
export function remoteDesktopProblem({ server, policy }: RegistryValues): string | undefined {
  const denied = policy.get('fdenytsconnections') ?? server.get('fdenytsconnections') ?? 1;
  return denied === 0 ? undefined : 'Remote Desktop is turned off on this computer.';
}

/** What the registry says of this computer. @throws AgentError UnsupportedOs. */
export async function readSystem(
  run: RunTool,
): Promise<Omit<SessionReport, 'sessions' | 'hostname'> & { problem: string | undefined }> {
  const read = async (key: string): Promise<Values> => {
    const [program, ...args] = regQuery(key);
    // A key that does not exist has no values.
    return parseRegistry((await run(program, args)).stdout);
  };
  const [version, server, listener, policy] = await Promise.all(
    [VERSION_KEY, SERVER_KEY, LISTENER_KEY, POLICY_KEY].map(read),
  );
  const values = {
    server: server ?? new Map(),
    listener: listener ?? new Map(),
    policy: policy ?? new Map(),
  };
  const edition = editionOf(version ?? new Map());
  return { ...edition, ...limitsOf(edition.os, values), problem: remoteDesktopProblem(values) };
}
