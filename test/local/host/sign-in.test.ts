import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SignIn } from '../../../local/host/sign-in';
import { PeopleFile } from '../../../local/launcher/people-file';
import { closeHosts, startHost } from './support/hosts';

const CODE = (streams: boolean) => `
app.setup({ enableHttpStream: ${streams} });
const told = (request) => ({ jsonBody: Object.fromEntries([...request.headers].filter(([name]) => name.startsWith('x-ms-client-principal'))) });
app.http('closed', { route: 'closed', authLevel: 'function', handler: told });
app.http('open', { route: 'open', authLevel: 'anonymous', handler: told });
app.http('admin', { route: 'admins', authLevel: 'admin', handler: told });
`;

const people: SignIn = {
  owner: { name: 'owner', roles: ['owner'] },
  personOf: (key) => (key === 'key-of-ann' ? { name: 'Änn', roles: ['viewer'] } : undefined),
};
const forged = {
  'x-ms-client-principal': Buffer.from('{"claims":[{"typ":"roles","val":"owner"}]}').toString('base64'),
  'X-MS-CLIENT-PRINCIPAL-NAME': 'owner',
};

afterEach(closeHosts);

/** Status, and who the app was told that it is. */
async function ask(url: string, headers: Record<string, string>): Promise<[number, unknown]> {
  const answer = await fetch(url, { headers });
  if (answer.status !== 200) return [answer.status, await answer.text()];
  const said = (await answer.json()) as Record<string, string>;
  expect(Object.keys(said).filter((name) => name !== 'x-ms-client-principal')).toEqual([]);
  const header = said['x-ms-client-principal'];
  if (header === undefined) return [200, undefined];
  const { claims } = JSON.parse(Buffer.from(header, 'base64').toString('utf8')) as {
    claims: { typ: string; val: string }[];
  };
  return [200, claims.map(({ typ, val }) => `${typ}=${val}`)];
}

test.each([false, true])(
  'the app is told whose the key is, whatever a caller claims (streams: %s)',
  async (streams) => {
    const host = await startHost({ code: CODE(streams) }, { authEnabled: true, signIn: people });
    const closed = `${host.url}/api/closed`;
    const key = (text: string) => ({ 'x-functions-key': text });
    const ann = ['name=Änn', 'roles=viewer'];
    expect(await ask(closed, { ...forged })).toEqual([401, '']);
    expect(await ask(closed, { ...forged, ...key('no-ones') })).toEqual([401, '']);
    expect(await ask(closed, { ...forged, ...key('key-of-ann') })).toEqual([200, ann]);
    expect(await ask(`${closed}?code=key-of-ann`, forged)).toEqual([200, ann]);
    for (const own of [host.keys.default, host.keys.master])
      expect(await ask(closed, key(own))).toEqual([200, ['name=owner', 'roles=owner']]);
    expect(await ask(`${host.url}/api/open`, { ...forged, ...key('key-of-ann') })).toEqual([200, undefined]);
    expect((await ask(`${host.url}/api/admins`, key('key-of-ann')))[0]).toBe(401);
    expect((await fetch(`${host.url}/admin/functions`, { headers: key('key-of-ann') })).status).toBe(401);
  },
);

test('without it nothing is told and nothing removed, as with func start', async () => {
  const host = await startHost({ code: CODE(false) });
  const answer = await fetch(`${host.url}/api/closed`, { headers: forged });
  expect(await answer.json()).toMatchObject({ 'x-ms-client-principal-name': 'owner' });
});

test('the file of people is read again when it has changed; a damaged one lets nobody in and is told of once', () => {
  const folder = mkdtempSync(join(tmpdir(), 'attendant-people-'));
  try {
    const path = join(folder, 'people.json');
    const problems: string[] = [];
    const file = new PeopleFile(path, (problem) => problems.push(problem));
    const write = (content: string): void => {
      writeFileSync(`${path}.tmp`, content);
      renameSync(`${path}.tmp`, path);
    };
    const hash = (key: string) => createHash('sha256').update(key).digest('hex');
    const person = { name: 'ann', role: 'operator', keyHash: hash('key'), addedAt: '2026-01-01T00:00:00Z' };
    expect(file.personOf('key')).toBeUndefined();
    write(JSON.stringify({ people: [person] }));
    expect(file.personOf('key')).toEqual({ name: 'ann', roles: ['operator'] });
    expect(file.personOf(hash('key'))).toBeUndefined();
    write('{"people":[{}]}');
    expect([file.personOf('key'), file.personOf('key')]).toEqual([undefined, undefined]);
    expect(problems).toHaveLength(1);
    write(JSON.stringify({ people: [] }));
    expect(file.personOf('key')).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
