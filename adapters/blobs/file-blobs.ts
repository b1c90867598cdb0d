import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasCode, unlessMissing } from '../file-errors';
import type { Blobs } from '../ports';

/** Blobs as files under one folder (the local host). A name that a file system would not take is percent-encoded. */
export class FileBlobs implements Blobs {
  constructor(private readonly folder: string) {}

  async put(key: string, content: Uint8Array): Promise<void> {
    const path = this.pathOf(key);
    const draft = `${path}.${randomUUID()}${DRAFT}`;
    await mkdir(dirname(path), { recursive: true });
    try {
      const file = await open(draft, 'wx');
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, path);
    } catch (cause) {
      await rm(draft, { force: true });
      throw cause;
    }
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return unlessMissing(readFile(this.pathOf(key)));
  }

  async append(key: string, content: Uint8Array): Promise<void> {
    const path = this.pathOf(key);
    try {
      await appendFile(path, content);
    } catch (cause) {
      if (!hasCode(cause, 'ENOENT')) throw cause;
      await mkdir(dirname(path), { recursive: true });
      await appendFile(path, content);
    }
  }

  async list(prefix: string): Promise<{ key: string; bytes: number }[]> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const start = folder === '' ? this.folder : this.pathOf(folder.slice(0, -1));
    const names = (await unlessMissing(readdir(start, { recursive: true, withFileTypes: true }))) ?? [];
    const found = names
      .filter((entry) => entry.isFile() && !entry.name.endsWith(DRAFT))
      .map((entry) => ({ path: join(entry.parentPath, entry.name) }))
      .map(({ path }) => ({ path, key: `${folder}${keyOf(path.slice(start.length + 1))}` }))
      .filter(({ key }) => key.startsWith(prefix))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    return Promise.all(found.map(async ({ path, key }) => ({ key, bytes: (await stat(path)).size })));
  }

  async removeAll(folder: string): Promise<void> {
    await rm(this.pathOf(folder.slice(0, -1)), { recursive: true, force: true });
  }

  private pathOf(key: string): string {
    return join(this.folder, ...key.split('/').map(fileNameOf));
  }
}

/** Ends the name of a file that is still being written. */
const DRAFT = '.part~';

/** Names that Windows gives to devices, with any extension. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** @throws Error when the segment is empty or points to a folder above. */
function fileNameOf(segment: string): string {
  if (segment === '' || segment === '.' || segment === '..')
    throw new Error(`bad blob key segment "${segment}"`);
  const encoded = encodeURIComponent(segment).replace(/[*~']/g, percent).replace(/\.$/, percent);
  return DEVICE.test(encoded) ? encoded.replace(/^./, percent) : encoded;
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function keyOf(path: string): string {
  return path
    .split(/[\\/]/)
    .map((name) => decodeURIComponent(name))
    .join('/');
}
