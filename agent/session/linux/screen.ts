import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { crc32, deflate } from 'node:zlib';
import { spawnAsUser, type UserPlace } from './as-user';

/** The fields of an X window dump (XWDFile.h) that matter, as places in its header of 32-bit big-endian numbers. */
const FIELD = {
  headerSize: 0,
  width: 4,
  height: 5,
  byteOrder: 7,
  bitsPerPixel: 11,
  bytesPerLine: 12,
  colors: 19,
};
const BYTES_PER_COLOR = 12;
const DUMP_MS = 20_000;
const MAX_DUMP_BYTES = 256 * 1024 * 1024;

/** The dump that Xvfb keeps of its only screen. @throws Error when something else lies in its place: the folder is the user's. */
export async function readScreen(folder: string): Promise<Buffer> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(path.join(folder, 'Xvfb_screen0'), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile() || found.size > MAX_DUMP_BYTES) throw new Error('This is not the screen.');
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** A dump of the display of a person's session. @throws Error when `xwd` is missing or the display is not to be seen (Wayland). */
export async function dumpOfDisplay(place: UserPlace, env: Record<string, string>): Promise<Buffer> {
  const child = spawnAsUser(place, ['xwd', '-root', '-silent'], {
    cwd: '/',
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: DUMP_MS,
  });
  const dump: Buffer[] = [];
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => dump.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-1_000)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0)
    throw new Error(`The display cannot be read by xwd (Debian, Ubuntu: x11-apps): ${said.trim()}`);
  return Buffer.concat(dump);
}

/**
 * Turns a window dump into PNG: what Xvfb keeps in its -fbdir and what `xwd` writes.
 * @throws Error for pixels of other than 32 bits, blue first.
 */
export async function pngOfDump(dump: Buffer): Promise<Buffer> {
  const read = (field: keyof typeof FIELD): number => dump.readUInt32BE(FIELD[field] * 4);
  const width = read('width');
  const height = read('height');
  const stride = read('bytesPerLine');
  if (read('bitsPerPixel') !== 32 || read('byteOrder') !== 0) {
    throw new Error('The pixels of the screen are not of a kind that is known.');
  }
  const start = read('headerSize') + read('colors') * BYTES_PER_COLOR;
  // Each line begins with the number of its filter: none.
  const lines = Buffer.alloc((width * 3 + 1) * height);
  let to = 0;
  for (let y = 0; y < height; y++) {
    to++;
    for (let from = start + y * stride, end = from + width * 4; from < end; from += 4) {
      lines[to++] = dump[from + 2] ?? 0;
      lines[to++] = dump[from + 1] ?? 0;
      lines[to++] = dump[from] ?? 0;
    }
  }
  return png({ width, height, lines });
}

async function png(image: { width: number; height: number; lines: Buffer }): Promise<Buffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(image.width, 0);
  header.writeUInt32BE(image.height, 4);
  // 8 bits a channel, red green blue.
  header.set([8, 2], 8);
  const data = await promisify(deflate)(image.lines);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(data.length, 0);
  frame.set(body, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}
