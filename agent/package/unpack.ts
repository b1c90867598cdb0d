import { createWriteStream } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import { AgentError, isDiskFull, messageOf } from '../errors';

/** Limits of a desktop-flow package. */
export interface PackageLimits {
  zipBytes: number;
  unpackedBytes: number;
  files: number;
}

export const packageLimits: PackageLimits = {
  zipBytes: 200 * 1024 * 1024,
  unpackedBytes: 1024 * 1024 * 1024,
  files: 10_000,
};

const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const DIRECTORY = 0o040000;
const ANY_EXECUTE = 0o111;

/**
 * Unpacks a zip into an empty folder, read-only. Nothing is written outside the folder and no links are made.
 * @throws AgentError InvalidPackage.
 */
export async function unpack(zipFile: string, folder: string, limits = packageLimits): Promise<void> {
  let zip: ZipFile | undefined;
  try {
    zip = await open(zipFile);
    if (zip.entryCount > limits.files)
      throw invalid(`it has ${zip.entryCount} entries; the limit is ${limits.files}`);
    const entries: Entry[] = [];
    let bytes = 0;
    for await (const entry of entriesOf(zip)) {
      entries.push(entry);
      bytes += entry.uncompressedSize;
      if (bytes > limits.unpackedBytes)
        throw invalid(`it unpacks to more than ${limits.unpackedBytes} bytes`);
    }
    // Nothing is written before the whole has been looked at; yauzl ends an entry that is larger than it says.
    for (const entry of entries) await extract(zip, entry, folder);
  } catch (error) {
    if (error instanceof AgentError || isDiskFull(error)) throw error;
    throw invalid(messageOf(error));
  } finally {
    zip?.close();
  }
}

async function extract(zip: ZipFile, entry: Entry, folder: string): Promise<void> {
  const name = entry.fileName;
  // yauzl has refused absolute names, backslashes and `..`; this holds whatever it may let through one day.
  const target = path.resolve(folder, name);
  if (target !== folder && !target.startsWith(folder + path.sep))
    throw invalid(`"${name}" leaves the folder`);
  const mode = entry.externalFileAttributes >>> 16;
  const type = mode & FILE_TYPE;
  if (type !== 0 && type !== REGULAR && type !== DIRECTORY)
    throw invalid(`"${name}" is a link or a special file`);
  if (entry.isEncrypted()) throw invalid(`"${name}" is encrypted`);
  if (name.endsWith('/')) {
    await mkdir(target, { recursive: true });
    return;
  }
  await mkdir(path.dirname(target), { recursive: true });
  const stream = await contentOf(zip, entry);
  // 'wx': a second entry of the same name is an error, not a replacement.
  await pipeline(stream, createWriteStream(target, { flags: 'wx' }));
  await chmod(target, mode & ANY_EXECUTE ? 0o555 : 0o444);
}

function open(file: string): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    yauzl.open(
      file,
      { lazyEntries: true, autoClose: false, strictFileNames: true, validateEntrySizes: true },
      (error, zip) => (error ? reject(error) : resolve(zip)),
    );
  });
}

async function* entriesOf(zip: ZipFile): AsyncGenerator<Entry> {
  for (;;) {
    const entry = await new Promise<Entry | undefined>((resolve, reject) => {
      const settle = (finish: () => void): void => {
        zip.removeAllListeners('entry').removeAllListeners('end').removeAllListeners('error');
        finish();
      };
      zip.once('entry', (next: Entry) => settle(() => resolve(next)));
      zip.once('end', () => settle(() => resolve(undefined)));
      zip.once('error', (error: Error) => settle(() => reject(error)));
      zip.readEntry();
    });
    if (!entry) return;
    yield entry;
  }
}

function contentOf(zip: ZipFile, entry: Entry): Promise<Readable> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => (error ? reject(error) : resolve(stream)));
  });
}

function invalid(why: string): AgentError {
  return new AgentError('InvalidPackage', `The package cannot be unpacked: ${why}.`);
}
