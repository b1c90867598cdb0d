import { execFile, spawn } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { ErrorCode } from '../../../contracts/errors';
import type { LinuxAccount } from '../linux-accounts';

/** PAM waits up to three seconds after a wrong password; directories may be slow. */
const PATIENCE_MS = 30_000;
/** uid and gid of `nobody`: `su` asks for a password only when root does not ask. */
const NOBODY = '65534';
const NO_SIGN_IN = ['nologin', 'false'];

export interface SignInProblem {
  code: Extract<
    ErrorCode,
    'SessionCreationInvalidCredentials' | 'SessionCreationAccountLocked' | 'SessionCreationError'
  >;
  message: string;
}

/**
 * Asks the system (PAM, through `su` from an unprivileged user) whether the account may sign in with the password. The password goes to
 * the standard input of `su` and nowhere else.
 * @returns undefined when it may.
 */
export async function signInProblem(
  account: LinuxAccount,
  password: string,
): Promise<SignInProblem | undefined> {
  const barred = await barredAccount(account);
  if (barred) return { code: 'SessionCreationAccountLocked', message: barred };
  if (/[\0\r\n]/.test(password)) return refused(account);
  const { code, said } = await su(account.name, password);
  if (code === 0) return undefined;
  if (/account has expired/i.test(said))
    return {
      code: 'SessionCreationAccountLocked',
      message: `The account ${account.name} has expired.`,
    };
  if (/change your password|new password required|password has expired/i.test(said))
    return {
      code: 'SessionCreationAccountLocked',
      message: `The password of ${account.name} is to be changed before it can be used.`,
    };
  if (/authentication failure|incorrect password|permission denied/i.test(said)) return refused(account);
  return {
    code: 'SessionCreationError',
    message: `The password of ${account.name} could not be checked: ${said.trim() || `su ended with ${code}`}.`,
  };
}

function refused({ name }: LinuxAccount): SignInProblem {
  return { code: 'SessionCreationInvalidCredentials', message: `The password of ${name} was refused.` };
}

/** What keeps everybody from signing in with the account, whatever the password. */
async function barredAccount({ name, shell }: LinuxAccount): Promise<string | undefined> {
  if (NO_SIGN_IN.includes(path.basename(shell)))
    return `The shell of ${name} is ${shell}: it may not sign in.`;
  // Accounts of a directory are unknown to `passwd`; for those PAM alone answers.
  const status = await promisify(execFile)('passwd', ['-S', name], { timeout: PATIENCE_MS }).catch(
    () => undefined,
  );
  return status?.stdout.split(' ')[1]?.startsWith('L') ? `The account ${name} is locked.` : undefined;
}

async function su(user: string, password: string): Promise<{ code: number | null; said: string }> {
  const args = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', 'su', '-c', 'true', '--', user];
  const child = spawn('setpriv', args, {
    cwd: '/',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    // Without a terminal `su` reads the password from its standard input.
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-2_000)));
  child.stdin.on('error', () => undefined);
  child.stdin.end(`${password}\n`);
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: null, said: error.message }));
    child.on('close', (code) => resolve({ code, said: said.replaceAll('Password: ', '') }));
  });
}
