import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a key may do to an entity. */
export type Right = 'Listen' | 'Send' | 'Manage';

/** A shared access rule of a queue, or the root rule of the whole namespace. */
export interface AccessRule {
  name: string;
  key: string;
  rights: Right[];
}

/** A shared access signature taken apart; `resource` as it was signed (URL-encoded). */
export interface SharedAccessSignature {
  resource: string;
  /** Path inside the namespace that the signature covers, lower case, no slash at the ends; '' covers all. */
  path: string;
  signature: string;
  /** Seconds since the epoch, as signed. */
  expiry: string;
  expiresAtMs: number;
  keyName: string;
}

/** A token that is not a shared access signature, or whose signature or time is wrong. */
export class InvalidTokenError extends Error {
  override readonly name = 'InvalidTokenError';
}

/**
 * Reads `SharedAccessSignature sr=…&sig=…&se=…&skn=…`.
 * @throws InvalidTokenError
 */
export function parseSas(token: string): SharedAccessSignature {
  const prefix = 'SharedAccessSignature ';
  if (!token.startsWith(prefix)) throw new InvalidTokenError('The token is not a SharedAccessSignature.');
  const fields = new Map<string, string>();
  for (const part of token.slice(prefix.length).split('&')) {
    const at = part.indexOf('=');
    if (at > 0) fields.set(part.slice(0, at), part.slice(at + 1));
  }
  const [resource, signature, expiry, keyName] = ['sr', 'sig', 'se', 'skn'].map((name) => fields.get(name));
  if (!resource || !signature || !expiry || !keyName || !/^\d{1,12}$/.test(expiry)) {
    throw new InvalidTokenError('The token lacks sr, sig, se or skn.');
  }
  try {
    return {
      resource,
      path: entityPath(decodeURIComponent(resource)),
      signature: decodeURIComponent(signature),
      expiry,
      expiresAtMs: Number(expiry) * 1000,
      keyName: decodeURIComponent(keyName),
    };
  } catch (cause) {
    throw new InvalidTokenError('The token is not URL-encoded.', { cause });
  }
}

/** True when the signature was made with this key. */
export function signedWith(sas: SharedAccessSignature, key: string): boolean {
  const expected = createHmac('sha256', key).update(`${sas.resource}\n${sas.expiry}`).digest();
  const actual = Buffer.from(sas.signature, 'base64');
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

/**
 * Makes a signature.
 * @param resource `sb://host[:port]/path`; the path decides what it covers.
 * @param expiresAtMs milliseconds since the epoch, real time.
 */
export function signSas(resource: string, rule: { name: string; key: string }, expiresAtMs: number): string {
  const sr = encodeURIComponent(resource);
  const se = Math.floor(expiresAtMs / 1000);
  const sig = createHmac('sha256', rule.key).update(`${sr}\n${se}`).digest('base64');
  return `SharedAccessSignature sr=${sr}&sig=${encodeURIComponent(sig)}&se=${se}&skn=${encodeURIComponent(rule.name)}`;
}

/** The path inside the namespace of an audience (`sb://host/path`) or address, lower case, without slashes at the ends. */
export function entityPath(audienceOrAddress: string): string {
  const path = audienceOrAddress.replace(/^[a-z]+:\/\/[^/]*/i, '');
  return path.replace(/^\/+|\/+$/g, '').toLowerCase();
}

/** True when a claim on `covering` holds for `path`: the same, or above it. */
export function covers(covering: string, path: string): boolean {
  return covering === '' || path === covering || path.startsWith(`${covering}/`);
}
