import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../../agent/clock';
import { ControlPlane } from '../../agent/control-plane/control-plane';
import { PackageStore } from '../../agent/package/package-store';
import { packageLimits, unpack } from '../../agent/package/unpack';
import { sha256 } from '../support/agent/fake-control-plane';
import { zipOf, type ZipEntry } from '../support/agent/zip';

describe('a package of a stranger', () => {
  let root: string;
  let folder: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(os.tmpdir(), 'attendant-unpack-'));
    folder = path.join(root, 'package');
    mkdirSync(folder);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  async function unpackZip(zip: Buffer, limits = packageLimits): Promise<void> {
    const file = path.join(root, 'package.zip');
    writeFileSync(file, zip);
    await unpack(file, folder, limits);
  }
  const entry = (name: string, content = 'x', mode = 0o100644): ZipEntry => ({ name, content, mode });

  test('is unpacked read-only, programs stay executable', async () => {
    await unpackZip(await zipOf([entry('a/b.txt', 'text'), entry('run', '#!/bin/sh\n', 0o100755)]));
    expect(readFileSync(path.join(folder, 'a/b.txt'), 'utf8')).toBe('text');
    expect(statSync(path.join(folder, 'a/b.txt')).mode & 0o777).toBe(0o444);
    expect(statSync(path.join(folder, 'run')).mode & 0o777).toBe(0o555);
  });

  /** yazl refuses to write such names, so they are put into the finished zip. */
  const renamed = async (from: string, to: string): Promise<Buffer> =>
    Buffer.from((await zipOf([entry(from)])).toString('latin1').replaceAll(from, to), 'latin1');

  test.each([
    ['a path out of its folder', () => renamed('aa/evil.txt', '../evil.txt'), /invalid relative path/],
    ['an absolute path', () => renamed('atmp/evil.txt', '/tmp/evil.txt'), /absolute path/],
    ['backslashes', () => renamed('aa-evil.txt', '..\\evil.txt'), /invalid characters/],
    ['a link', () => zipOf([entry('link', '/etc/passwd', 0o120777)]), /link or a special file/],
    ['one name twice', () => zipOf([entry('a', '1'), entry('a', '2')]), /EEXIST/],
    ['a file where a folder is', () => zipOf([entry('a', '1'), entry('a/b', '2')]), /cannot be unpacked/],
    ['something that is no zip', () => Promise.resolve(Buffer.from('hello')), /cannot be unpacked/],
  ])('with %s is refused', async (_what, make, message) => {
    const attempt = unpackZip(await make());
    await expect(attempt).rejects.toMatchObject({ code: 'InvalidPackage' });
    await expect(attempt).rejects.toThrow(message);
    expect(existsSync(path.join(root, 'evil.txt'))).toBe(false);
  });

  test('with too much in it is refused, whatever it claims', async () => {
    const zeros = await zipOf([entry('zeros', '\0'.repeat(2_000_000))]);
    await expect(unpackZip(zeros, { ...packageLimits, unpackedBytes: 1_000_000 })).rejects.toThrow(
      /more than 1000000/,
    );
    const many = await zipOf(Array.from({ length: 11 }, (_, n) => entry(`f${n}`)));
    await expect(unpackZip(many, { ...packageLimits, files: 10 })).rejects.toThrow(/11 entries/);
    // A bomb that understates its size in both headers.
    const size = Buffer.alloc(4);
    size.writeUInt32LE(2_000_000);
    const small = Buffer.alloc(4);
    small.writeUInt32LE(10);
    const lying = Buffer.from(
      zeros.toString('latin1').replaceAll(size.toString('latin1'), small.toString('latin1')),
      'latin1',
    );
    rmSync(path.join(folder, 'zeros'), { force: true });
    await expect(unpackZip(lying)).rejects.toMatchObject({ code: 'InvalidPackage' });
  });

  test('that claims 10 GB is refused before anything of it is written', async () => {
    const zip = await zipOf(['a', 'b', 'c'].map((name) => entry(name, name.repeat(2_000_000))));
    const [real, claimed] = [Buffer.alloc(4), Buffer.alloc(4)];
    real.writeUInt32LE(2_000_000);
    claimed.writeUInt32LE(3_600_000_000);
    const [from, to] = [real, claimed].map((size) => size.toString('latin1'));
    const large = Buffer.from(zip.toString('latin1').replaceAll(from ?? '', to ?? ''), 'latin1');
    await expect(unpackZip(large)).rejects.toThrow(/unpacks to more than 1073741824 bytes/);
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([
    ['says that it has 10 GB', { 'content-length': String(10 * 1024 ** 3) }, 1024 * 1024],
    // Nobody has to send more than the limit to show that it holds.
    ['has no end', {}, 400 * 1024 * 1024],
  ])('a download that %s is broken off, and nothing of it stays', async (_what, headers, mostBytes) => {
    const chunk = Buffer.alloc(1024 * 1024);
    let sent = 0;
    const server = createServer((_request, response) => {
      response.writeHead(200, headers);
      const send = (): void => {
        while (!response.destroyed) {
          sent += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', send);
        }
      };
      send();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const store = new PackageStore(root, new ControlPlane({ url, clock: systemClock }));
    await store.prepare();
    const { signal } = new AbortController();
    await expect(store.get('0'.repeat(64), signal)).rejects.toMatchObject({
      code: 'InvalidPackage',
      message: expect.stringContaining('more than 209715200 bytes') as string,
    });
    await new Promise<void>((resolve) => server.close(() => resolve()));
    expect(sent).toBeLessThan(mostBytes + 64 * 1024 * 1024);
    expect(readdirSync(path.join(root, 'temp'))).toEqual([]);
  });

  test('is fetched once and only with the right hash', async () => {
    const zip = await zipOf({ 'desktop-flow.yaml': 'name: a\nversion: "1"\nrunner: node\nentry: a.js\n' });
    let downloads = 0;
    const store = new PackageStore(root, {
      download: async (_what, to) => {
        downloads++;
        writeFileSync(to, zip);
      },
    });
    await store.prepare();
    const { signal } = new AbortController();
    const [one, two] = await Promise.all([store.get(sha256(zip), signal), store.get(sha256(zip), signal)]);
    expect(one).toEqual(two);
    expect(one.manifest.name).toBe('a');
    await store.get(sha256(zip), signal);
    expect(downloads).toBe(1);
    await expect(store.get('0'.repeat(64), signal)).rejects.toThrow(/hash/);
  });
});
