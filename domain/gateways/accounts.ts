import type { MachineReport } from '../../contracts/agent-protocol';
import { parseUserName, userKey } from '../../contracts/user-name';
import { isAccount } from '../sessions/decide-session';

/** Domains of personal accounts: neither work or school nor local (row B4). */
const PERSONAL = /@(outlook|hotmail|live|msn|gmail|googlemail|yahoo|icloud)\.[a-z.]+$/i;

/**
 * Rows B4, E1: a work or school account (`user@domain`, `DOMAIN\user`) or a local one (`.\user`, `MACHINE\user`, `user`).
 */
export function isAllowedAccount(account: string): boolean {
  return parseUserName(account) !== undefined && !PERSONAL.test(account);
}

/**
 * Row B4: the account that registered the gateway and that of the connection must be one; the letters' case does not count.
 * @returns what is wrong, or undefined.
 */
export function accountProblem(
  gateway: { name: string; account?: string | undefined },
  user: string | undefined,
): string | undefined {
  const { name, account } = gateway;
  if (account === undefined || (user !== undefined && userKey(account) === userKey(user))) return undefined;
  const used = user === undefined ? 'names no account' : `uses ${user}`;
  return `The gateway ${name} was registered by ${account}; the connection ${used}.`;
}

/**
 * Row B4: for an attended run whoever is signed in on the gateway's machine must be that account too. Only where the machine's report
 * tells beyond doubt: names of different authorities are not compared (row E1), and then the machine itself has the last word.
 * @returns what is wrong, or undefined.
 */
export function signedInProblem(
  gateway: { name: string; account?: string | undefined },
  sessions: MachineReport['sessions'],
): string | undefined {
  const { name, account } = gateway;
  if (account === undefined || sessions.length === 0) return undefined;
  const key = userKey(account);
  const others = sessions.every((session) => !isAccount(session, key) && isComparable(session, key));
  if (!others) return undefined;
  const users = sessions.map(({ user }) => user).join(', ');
  return `The gateway ${name} was registered by ${account}; signed in on its machine: ${users}.`;
}

function isComparable(session: MachineReport['sessions'][number], key: string): boolean {
  const form = (text: string) => parseUserName(text)?.form;
  return (
    form(session.userKey) === form(key) || (session.aliases ?? []).some((alias) => form(alias) === form(key))
  );
}
