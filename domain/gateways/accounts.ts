import { parseUserName, userKey } from '../../contracts/user-name';

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
