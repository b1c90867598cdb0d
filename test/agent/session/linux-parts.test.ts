import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chooseSessionKind } from '../../../agent/session/choose';
import { parseLogind } from '../../../agent/session/linux/desktops';
import { pngOfDump } from '../../../agent/session/linux/screen';
import { SessionRecords } from '../../../agent/session/linux/session-record';
import { writeAuthority } from '../../../agent/session/linux/x-authority';
import { Picture } from '../../e2e/gui/support/picture';

// Constructed after org.freedesktop.login1(5): property names and values of `loginctl show-session`.
const session = (fields: Record<string, string>): string =>
  Object.entries({
    Id: '2',
    User: '1000',
    Name: 'ada',
    Type: 'x11',
    Class: 'user',
    State: 'active',
    ...fields,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');

describe('E1: the sessions that logind knows', () => {
  const ada = { user: 'ada', uid: 1000, id: '2', display: ':0' };

  test.each([
    ['active', { LockedHint: 'no' }, 'active'],
    ['locked', { LockedHint: 'yes' }, 'locked'],
    ['behind another one on the same seat', { State: 'online', LockedHint: 'no' }, 'disconnected'],
  ])('a session that is %s', (_what, fields, state) => {
    expect(parseLogind(session({ Display: ':0', ...fields }))).toEqual([{ ...ada, state }]);
  });

  test.each([
    ['a text console', { Type: 'tty' }],
    ['a sign-in over the network', { Type: 'unspecified' }],
    ['the screen of the display manager', { Class: 'greeter' }],
    ['a session that is ending', { State: 'closing' }],
  ])('%s is no desktop', (_what, fields) => expect(parseLogind(session(fields))).toEqual([]));

  test('several sessions, one on Wayland', () => {
    const bob = session({ Id: '7', User: '1001', Name: 'bob', Type: 'wayland', Display: '' });
    expect(parseLogind(`${session({ Display: ':0' })}\n${bob}`)).toEqual([
      { ...ada, state: 'active' },
      { user: 'bob', uid: 1001, id: '7', display: undefined, state: 'active' },
    ]);
    expect(parseLogind('')).toEqual([]);
  });
});

/** A window dump as Xvfb keeps it: header, one entry of a color map, lines longer than their pixels. */
function dump(pixels: number[][], bitsPerPixel = 32): Buffer {
  const [first = []] = pixels;
  const header = Buffer.alloc(100 + 12);
  const stride = first.length * 4 + 4;
  const fields = { 0: 100, 4: first.length, 5: pixels.length, 7: 0, 11: bitsPerPixel, 12: stride, 19: 1 };
  for (const [field, value] of Object.entries(fields)) header.writeUInt32BE(value, Number(field) * 4);
  const lines = pixels.map((line) => {
    const bytes = Buffer.alloc(stride, 0xee);
    for (const [x, color] of line.entries()) bytes.writeUInt32LE(color, x * 4);
    return bytes;
  });
  return Buffer.concat([header, ...lines]);
}

test('L8: the memory of the screen becomes a PNG', async () => {
  const upper = [0xff8800, 0x0044cc, 0];
  const lower = [0xffffff, 1, 0x123456];
  const picture = new Picture(await pngOfDump(dump([upper, lower])));
  expect([picture.width, picture.height]).toEqual([3, 2]);
  expect([0, 1].map((y) => [0, 1, 2].map((x) => picture.at(x, y)))).toEqual([
    ['#ff8800', '#0044cc', '#000000'],
    ['#ffffff', '#000001', '#123456'],
  ]);
  await expect(pngOfDump(dump([[1]], 8))).rejects.toThrow(/pixels/);
});

test('an X authority holds its one cookie, for its owner alone', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'attendant-authority-'));
  const file = path.join(folder, 'Xauthority');
  const { uid, gid } = os.userInfo();
  const cookie = '00112233445566778899aabbccddeeff';
  await writeAuthority(file, { display: 107, cookie, owner: { uid, gid } });
  const hex = (text: string): string => Buffer.from(text).toString('hex');
  expect(readFileSync(file).toString('hex')).toBe(
    `ffff0000${'0003'}${hex('107')}${'0012'}${hex('MIT-MAGIC-COOKIE-1')}${'0010'}${cookie}`,
  );
  expect(statSync(file).mode & 0o777).toBe(0o600);
  rmSync(folder, { recursive: true });
});

test('J2: what keeps an agent from making sessions of other users is named', () => {
  const { kind, why } = chooseSessionKind('auto', () => undefined);
  expect(kind).toBe('own');
  expect(why).toMatch(/not Linux|not root|setpriv is not installed/);
});

test('L4: a session record that was being written when the agent was killed is removed, the one before it counts', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'attendant-records-'));
  const record = {
    id: 'one',
    user: 'ada',
    uid: 1000,
    gid: 1000,
    home: '/home/ada',
    display: 100,
    cookie: '00',
    folder: '/run/attendant/one',
    state: 'used' as const,
  };
  await new SessionRecords(folder).write(record);
  writeFileSync(path.join(folder, 'sessions', 'one.json.next'), '{"id":"o');
  expect(await new SessionRecords(folder).read()).toEqual([record]);
  expect(readdirSync(path.join(folder, 'sessions'))).toEqual(['one.json']);
  rmSync(folder, { recursive: true });
});
