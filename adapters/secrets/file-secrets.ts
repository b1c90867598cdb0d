import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, unlessMissing } from '../file-errors';
import type { Secrets } from '../ports';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Secrets of the local host: one file each, encrypted (AES-256-GCM, bound to its reference) with a key beside them that only this user may
 * read. It keeps secrets out of backups of single files and out of sight; who can read the key file can read them all.
 */
export class FileSecrets implements Secrets {
  private key: Promise<Buffer> | undefined;

  constructor(private readonly folder: string) {}

  async put(name: string, value: string): Promise<string> {
    const ref = createHash('sha256').update(name).digest('hex');
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', await this.openKey(), nonce).setAAD(Buffer.from(ref));
    const sealed = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
    const path = this.pathOf(ref);
    const draft = `${path}.${randomBytes(6).toString('hex')}`;
    await writeFile(draft, Buffer.concat([nonce, cipher.getAuthTag(), sealed]), { mode: 0o600, flush: true });
    await rename(draft, path);
    return ref;
  }

  async get(ref: string): Promise<string | undefined> {
    if (!/^[0-9a-f]{64}$/.test(ref)) return undefined;
    const content = await unlessMissing(readFile(this.pathOf(ref)));
    if (!content) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', await this.openKey(), content.subarray(0, NONCE_BYTES))
      .setAAD(Buffer.from(ref))
      .setAuthTag(content.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const value = decipher.update(content.subarray(NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([value, decipher.final()]).toString('utf8');
  }

  private pathOf(ref: string): string {
    return join(this.folder, `${ref}.secret`);
  }

  private async openKey(): Promise<Buffer> {
    this.key ??= this.readKey().catch((cause: unknown) => {
      this.key = undefined;
      throw cause;
    });
    return this.key;
  }

  /** The key of this folder, made at its first use; of two that make one at once, the first to write wins. */
  private async readKey(): Promise<Buffer> {
    const path = join(this.folder, 'key');
    const known = await unlessMissing(readFile(path));
    if (known) return known;
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const draft = `${path}.${randomBytes(6).toString('hex')}`;
    await writeFile(draft, randomBytes(32), { mode: 0o600, flush: true });
    try {
      await link(draft, path);
    } catch (cause) {
      if (!hasCode(cause, 'EEXIST')) throw cause;
    } finally {
      await rm(draft);
    }
    return readFile(path);
  }
}
