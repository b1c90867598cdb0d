import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ZipFile } from 'yazl';

/** A fixed time in every entry: the same files give the same bytes, so the same package id. */
const ENTRY_TIME = new Date(Date.UTC(2000, 0, 1));

/** Packs a folder the way desktop-flow packages are packed: its files at the top, no links. */
export async function zipFolder(folder: string): Promise<Buffer> {
  const zip = new ZipFile();
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  for (const name of files) {
    const path = join(folder, name);
    if (statSync(path).isFile())
      zip.addFile(path, name.replaceAll('\\', '/'), { mtime: ENTRY_TIME, mode: 0o100644 });
  }
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}
