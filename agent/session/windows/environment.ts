import path from 'node:path';
import type { RunTool } from '../../system/run-tool';
import type { WindowsAccount } from './accounts';
import { parseRegistry, regQuery } from './system';

const PROFILES = String.raw`HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList`;

/** Home and folders of a user, in place of those of the agent's own account. `profile` is absent before the first sign-in. */
export function userEnvironment(
  { account }: WindowsAccount,
  profile: string | undefined,
): Record<string, string> {
  const [domain = '', user = ''] = account.split('\\');
  const names = { USERNAME: user, USERDOMAIN: domain };
  if (profile === undefined) return names;
  const drive = path.win32.parse(profile).root.slice(0, 2);
  const temp = path.win32.join(profile, 'AppData', 'Local', 'Temp');
  return {
    ...names,
    USERPROFILE: profile,
    HOMEDRIVE: drive,
    HOMEPATH: profile.slice(drive.length),
    APPDATA: path.win32.join(profile, 'AppData', 'Roaming'),
    LOCALAPPDATA: path.win32.join(profile, 'AppData', 'Local'),
    TEMP: temp,
    TMP: temp,
  };
}

export async function readUserEnvironment(
  run: RunTool,
  account: WindowsAccount,
): Promise<Record<string, string>> {
  const [program, ...args] = regQuery(`${PROFILES}\\${account.sid}`);
  const profile = parseRegistry((await run(program, args)).stdout).get('profileimagepath');
  const drive = process.env['SystemDrive'] ?? 'C:';
  return userEnvironment(
    account,
    profile === undefined ? undefined : String(profile).replace(/%SystemDrive%/i, drive),
  );
}
