import { readdirSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';

/** One time for all entries, so that the same files give the same package. */
const MTIME = new Date(Date.UTC(2000, 0, 1));

/** Folders that are never part of a desktop flow. */
const LEFT_OUT: ReadonlySet<string> = new Set(['.git', '__pycache__', '.DS_Store']);

/** The files of a folder as a zip with the folder's content at its top. */
export async function zipFolder(folder: string): Promise<Buffer> {
  const zip = new ZipFile();
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  for (const name of names.filter((path) => !path.split(sep).some((segment) => LEFT_OUT.has(segment)))) {
    const path = join(folder, name);
    const found = statSync(path);
    if (!found.isFile()) continue;
    const mode = found.mode & 0o111 ? 0o100755 : 0o100644;
    zip.addFile(path, name.split(sep).join('/'), { mtime: MTIME, mode });
  }
  zip.end();
  return buffer(zip.outputStream);
}
