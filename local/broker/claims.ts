import {
  covers,
  entityPath,
  InvalidTokenError,
  parseSas,
  signedWith,
  type AccessRule,
  type Right,
} from './sas';

/** The rules that are in force: the namespace's root rule and those of each queue. */
export interface KeyDirectory {
  /** Rules of this name that are good for the entity at `path`. */
  rulesNamed(path: string, keyName: string): AccessRule[];
}

interface Grant {
  path: string;
  keyName: string;
  key: string;
  expiresAtMs: number;
}

/** What one connection has proved with its tokens. Rights are looked up at each use: a key taken away ends them. */
export class Claims {
  private readonly grants = new Map<string, Grant>();

  /** @param now real time in ms. */
  constructor(
    private readonly directory: KeyDirectory,
    private readonly now: () => number,
  ) {}

  /**
   * Takes a token for an audience (`sb://host/path`), in place of an earlier one for the same.
   * @throws InvalidTokenError
   */
  put(audience: string, token: string): void {
    const path = entityPath(audience);
    const sas = parseSas(token);
    if (!covers(sas.path, path)) {
      throw new InvalidTokenError(`The token is for '${sas.path}', which does not cover '${path}'.`);
    }
    const rule = this.directory.rulesNamed(path, sas.keyName).find(({ key }) => signedWith(sas, key));
    if (!rule) throw new InvalidTokenError('InvalidSignature: The token has an invalid signature.');
    if (sas.expiresAtMs <= this.now()) throw new InvalidTokenError('ExpiredToken: The token has expired.');
    this.grants.set(path, { path, keyName: rule.name, key: rule.key, expiresAtMs: sas.expiresAtMs });
  }

  delete(audience: string): void {
    this.grants.delete(entityPath(audience));
  }

  /** Name and key of SASL PLAIN are good for everything the rule covers, as long as the connection lasts. */
  putKey(keyName: string, key: string): void {
    this.grants.set('plain', { path: '', keyName, key, expiresAtMs: Infinity });
  }

  allows(path: string, right: Right): boolean {
    const now = this.now();
    for (const grant of this.grants.values()) {
      if (grant.expiresAtMs <= now || !covers(grant.path, path)) continue;
      const rule = this.directory.rulesNamed(path, grant.keyName).find(({ key }) => key === grant.key);
      if (rule?.rights.some((has) => has === right || has === 'Manage')) return true;
    }
    return false;
  }

  /** When the next token runs out; Infinity when none does. */
  nextExpiryMs(): number {
    const now = this.now();
    let next = Infinity;
    for (const { expiresAtMs } of this.grants.values())
      if (expiresAtMs > now) next = Math.min(next, expiresAtMs);
    return next;
  }
}
