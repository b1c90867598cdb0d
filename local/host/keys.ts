import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { HostError, messageOf } from './host-error';
import type { AuthLevel } from './http-router';

const keysSchema = z.object({
  /** Opens everything. */
  master: z.string().min(1),
  /** Opens every function of level `function`. */
  default: z.string().min(1),
  /** Opens the webhooks of the extensions (Durable management API, Event Grid); part of every link they give out. */
  system: z.string().min(1),
});

export type HostKeys = z.infer<typeof keysSchema>;

export function generateKeys(): HostKeys {
  const key = (): string => randomBytes(40).toString('base64url');
  return { master: key(), default: key(), system: key() };
}

/**
 * The keys kept in `file`, generated on the first start; readable by the owner only.
 * @throws HostError `ConfigInvalid`
 */
export function loadKeys(file: string): HostKeys {
  if (!existsSync(file)) {
    const keys = generateKeys();
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
    return keys;
  }
  try {
    return keysSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new HostError(
      'ConfigInvalid',
      `${file} does not hold the host's keys (${messageOf(cause)}). Remove it to have new keys made.`,
      { cause },
    );
  }
}

/** Decides what a presented key opens, as the real host's key authentication does. */
export class KeyRing {
  private readonly digests: Record<keyof HostKeys, Buffer>;

  constructor(
    keys: HostKeys,
    private readonly enabled: boolean,
  ) {
    this.digests = {
      master: digest(keys.master),
      default: digest(keys.default),
      system: digest(keys.system),
    };
  }

  /** @param presented `x-functions-key`, else `?code=` */
  opensFunction(level: AuthLevel, presented: string | undefined): boolean {
    if (!this.enabled || level === 'anonymous') return true;
    return this.is(presented, 'master') || (level === 'function' && this.is(presented, 'default'));
  }

  opensAdmin(presented: string | undefined): boolean {
    return !this.enabled || this.is(presented, 'master');
  }

  opensWebhook(presented: string | undefined): boolean {
    return !this.enabled || this.is(presented, 'system') || this.is(presented, 'master');
  }

  private is(presented: string | undefined, name: keyof HostKeys): boolean {
    return presented !== undefined && timingSafeEqual(digest(presented), this.digests[name]);
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
