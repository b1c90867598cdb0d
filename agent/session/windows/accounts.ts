import { z } from 'zod';
import { parseUserName } from '../../../contracts/user-name';
import type { ErrorCode } from '../../../contracts/errors';
import type { RunTool } from '../../system/run-tool';
import { runScript, type PowerShellScript } from './power-shell';

/** An account as Windows knows it (row E1). */
export interface WindowsAccount {
  /** `DOMAIN\user`, or `MACHINE\user` for a local one. */
  account: string;
  sid: string;
}

/** Turns any of the five forms into a SID, and that back into the account's one name. */
export const ACCOUNT_SCRIPT: PowerShellScript = {
  name: 'account',
  text: `try {
  $sid = (New-Object System.Security.Principal.NTAccount $in.name).Translate([System.Security.Principal.SecurityIdentifier])
  $account = $sid.Translate([System.Security.Principal.NTAccount]).Value
  ConvertTo-Json -Compress @{ sid = $sid.Value; account = $account }
} catch [System.Security.Principal.IdentityNotMappedException] { 'null' }
`,
};

const accountSchema = z.object({ sid: z.string().regex(/^S-1-/), account: z.string() }).nullable();

/** @returns undefined when no such account is known here. @throws AgentError Internal when the system does not tell. */
export async function findAccount(
  run: RunTool,
  user: string,
  hostname: string,
): Promise<WindowsAccount | undefined> {
  const name = parseUserName(user);
  if (!name) return undefined;
  const written = name.form === 'local' ? `${hostname}\\${name.user}` : user;
  return (await runScript(run, ACCOUNT_SCRIPT, { name: written }, accountSchema)) ?? undefined;
}

/**
 * Signs in over the network and out again (LogonUser), which makes no session. Win32 says why not.
 * Reads the password from standard input; it is in no argument.
 */
export const PASSWORD_SCRIPT: PowerShellScript = {
  name: 'answer to the password',
  text: `Add-Type -Namespace Attendant -Name Logon -MemberDefinition @'
[DllImport("advapi32.dll", SetLastError = true, CharSet = CharSet.Unicode)]
public static extern bool LogonUserW(string user, string domain, string password, int type, int provider, out IntPtr token);
[DllImport("kernel32.dll")]
public static extern bool CloseHandle(IntPtr handle);
'@
$domain, $user = $in.account -split '\\\\', 2
$token = [IntPtr]::Zero
$ok = [Attendant.Logon]::LogonUserW($user, $domain, $in.password, 3, 0, [ref]$token)
$code = [Runtime.InteropServices.Marshal]::GetLastWin32Error()
if ($ok) { [void][Attendant.Logon]::CloseHandle($token); $code = 0 }
ConvertTo-Json -Compress @{ code = $code }
`,
};

const answerSchema = z.object({ code: z.int() });

export interface SignInProblem {
  code: Extract<
    ErrorCode,
    'SessionCreationInvalidCredentials' | 'SessionCreationAccountLocked' | 'SessionCreationError'
  >;
  message: string;
}

/** Reasons for which nobody can sign in, whatever the password (Microsoft, "System Error Codes"). */
const BARRED: Readonly<Record<number, string>> = {
  1327: 'has restrictions that keep it from signing in now (hours, blank password, policy)',
  1328: 'may not sign in at this time of day',
  1329: 'may not sign in at this computer',
  1330: 'has an expired password',
  1331: 'is disabled',
  1793: 'has expired',
  1907: 'must change its password first',
  1909: 'is locked',
};
const WRONG = 1326;
/** The account may not sign in over the network; whether it may by Remote Desktop only the sign-in shows. */
const NOT_OVER_NETWORK = 1385;

/** @returns undefined when the account can sign in. */
export function problemOfCode(code: number, { account }: WindowsAccount): SignInProblem | undefined {
  if (code === 0 || code === NOT_OVER_NETWORK) return undefined;
  if (code === WRONG)
    return { code: 'SessionCreationInvalidCredentials', message: `The password of ${account} was refused.` };
  const barred = BARRED[code];
  return barred === undefined
    ? {
        code: 'SessionCreationError',
        message: `The password of ${account} could not be checked: Windows error ${code}.`,
      }
    : { code: 'SessionCreationAccountLocked', message: `The account ${account} ${barred}.` };
}

export async function signInProblem(
  run: RunTool,
  account: WindowsAccount,
  password: string,
): Promise<SignInProblem | undefined> {
  const { code } = await runScript(
    run,
    PASSWORD_SCRIPT,
    { account: account.account, password },
    answerSchema,
  );
  return problemOfCode(code, account);
}
