/**
 * An account as people write it (row E1): `user`, `.\user`, `DOMAIN\user`, `MACHINE\user`, `user@domain`. Whether the name before
 * the backslash is a domain or a machine only the machine can tell.
 */
export type UserName =
  | { form: 'plain'; user: string }
  | { form: 'local'; user: string }
  | { form: 'authority'; authority: string; user: string }
  | { form: 'principal'; user: string; domain: string };

/** Same-user key of runs whose connection names no user: they use the session that the agent itself runs in. No account has this name. */
export const AGENT_SESSION = '@agent';

const FORBIDDEN = /[\p{Cc}"/\\[\]:;|=,+*?<>]/u;
const DOMAIN = /^[\p{L}\p{N}_-]+(\.[\p{L}\p{N}_-]+)*$/u;

/** @returns undefined for what is no account name in any of the five forms. */
export function parseUserName(text: string): UserName | undefined {
  const slash = text.indexOf('\\');
  if (slash >= 0) {
    const authority = text.slice(0, slash);
    const user = text.slice(slash + 1);
    if (!isName(user)) return undefined;
    if (authority === '.') return { form: 'local', user };
    return DOMAIN.test(authority) ? { form: 'authority', authority, user } : undefined;
  }
  const at = text.lastIndexOf('@');
  if (at < 0) return isName(text) ? { form: 'plain', user: text } : undefined;
  const user = text.slice(0, at);
  const domain = text.slice(at + 1);
  return isName(user) && !user.includes('@') && DOMAIN.test(domain)
    ? { form: 'principal', user, domain }
    : undefined;
}

function isName(user: string): boolean {
  return !FORBIDDEN.test(user) && user === user.trim() && !/^[. ]*$/.test(user);
}

/**
 * Key that tells whether two runs are of one user, as long as no machine has resolved the name: the exact name after case folding
 * (row E1). Names of different forms have different keys, also where they mean one account.
 */
export function userKey(user: string): string {
  return Array.from(user.normalize('NFC'), fold).join('');
}

/** Simple case folding, character by character, as Windows compares names: ß stays ß, both small sigmas are one. */
function fold(character: string): string {
  const upper = character.toUpperCase();
  const lower = (Array.from(upper).length === 1 ? upper : character).toLowerCase();
  return Array.from(lower).length === 1 ? lower : character;
}
