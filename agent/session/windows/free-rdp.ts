import type { SignInProblem } from './accounts';

/**
 * The arguments of FreeRDP 3 (`/args-from:stdin`), one per line on its standard input, so that the password is in no list of processes. 127.0.0.2:
 * Windows' own rules against connecting a computer with itself know 127.0.0.1 by name.
 * @throws RangeError for what would be taken for another argument.
 */
export function freeRdpInput(options: { account: string; password: string; screen: string }): string {
  const { account, password, screen } = options;
  const [domain = '', user = ''] = account.split('\\');
  if (/[\0\r\n]/.test(account + password)) throw new RangeError('A line break cannot be part of a password.');
  return [
    '/v:127.0.0.2',
    `/d:${domain}`,
    `/u:${user}`,
    `/p:${password}`,
    `/size:${screen}`,
    // The certificate is this computer's own, and nobody is in between.
    '/cert:ignore',
    '/sec:nla',
    '/audio-mode:2',
    '-clipboard',
    '-wallpaper',
    '/log-level:WARN',
    '',
  ].join('\n');
}

export const FREE_RDP_ARGS = ['/args-from:stdin'] as const;

/** Names of FreeRDP's errors (its header error.h) and what they mean here. */
const KNOWN: readonly [RegExp, SignInProblem['code'], string][] = [
  [
    /LOGON_FAILURE|WRONG_PASSWORD|AUTHENTICATION_FAILED/,
    'SessionCreationInvalidCredentials',
    'was refused with this password',
  ],
  [/ACCOUNT_LOCKED_OUT/, 'SessionCreationAccountLocked', 'is locked'],
  [
    /ACCOUNT_DISABLED|ACCOUNT_EXPIRED|ACCOUNT_RESTRICTION/,
    'SessionCreationAccountLocked',
    'is disabled, expired or restricted',
  ],
  [
    /PASSWORD_EXPIRED|PASSWORD_CERTAINLY_EXPIRED|PASSWORD_MUST_CHANGE/,
    'SessionCreationAccountLocked',
    'has to change its password',
  ],
  [
    /LOGON_TYPE_NOT_GRANTED|INSUFFICIENT_PRIVILEGES/,
    'SessionCreationError',
    'may not use Remote Desktop (group "Remote Desktop Users")',
  ],
  [
    /CONNECT_FAILED|CONNECT_TRANSPORT_FAILED/,
    'SessionCreationError',
    'cannot be signed in: Remote Desktop does not answer on this computer',
  ],
];

/** Why the client ended before there was a session. */
export function freeRdpProblem(said: string, account: string): SignInProblem {
  const known = KNOWN.find(([pattern]) => pattern.test(said));
  if (known) return { code: known[1], message: `${account} ${known[2]}.` };
  const last = said.trim().split(/\r?\n/).slice(-1)[0]?.slice(0, 300);
  return {
    code: 'SessionCreationError',
    message: `FreeRDP ended without a session for ${account}: ${last || 'it said nothing'}.`,
  };
}
