import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { peopleFile } from '../../contracts/people';
import type { AuditEntry } from '../../contracts/audit';
import { KEY, openProduct } from './product';

let product: ReturnType<typeof openProduct>;
beforeEach(() => {
  product = openProduct();
  mkdirSync(join(product.cwd, '.attendant'));
  writeFileSync(join(product.cwd, '.attendant', 'keys.json'), '{"default":"key"}');
});
afterEach(() => product.stop());

const run = (...args: string[]) => product.run(args);
const path = () => join(product.cwd, '.attendant', 'people.json');

describe('L8: attendant people', () => {
  it('adds people with a key that is shown once and kept nowhere', async () => {
    const { out } = await run('people', 'add', 'ann', '--role', 'Operator', '--json');
    const { key } = JSON.parse(out) as { key: string };
    expect(JSON.parse(out)).toEqual({ name: 'ann', role: 'operator', key });
    const text = await run('people', 'add', 'front-desk', '--role', 'run-only');
    expect(text.out).toContain('front-desk may now use Attendant as run-only, with this key');
    const content = readFileSync(path(), 'utf8');
    expect(content).not.toContain(key);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(peopleFile.parse(JSON.parse(content)).people.map(({ name, role }) => [name, role])).toEqual([
      ['ann', 'operator'],
      ['front-desk', 'runner'],
    ]);
    expect((await run('people', 'list', '--utc')).out.split('\n')).toEqual([
      'NAME        ROLE      ADDED',
      'ann         operator  2026-01-15 12:00:00Z',
      'front-desk  run-only  2026-01-15 12:00:00Z',
    ]);
    expect((await run('people', 'list', '--json')).out).not.toMatch(/[0-9a-f]{64}/);
    expect((await run('people', 'remove', 'ann')).out).toBe('The key of ann opens nothing any more.');
    expect((await run('people', 'list')).out).not.toContain('ann');
  });

  it.each([
    [['add', 'ann', '--role', 'boss'], 2, 'is no role. There are: owner, operator, viewer, run-only.'],
    [['add', 'ann'], 2, '--role'],
    [['add', 'Owner', '--role', 'viewer'], 2, 'the app itself goes by'],
    [['add', 'ann on desk', '--role', 'viewer'], 2, 'is no name'],
    [['remove', 'nobody'], 1, 'Nobody is named nobody.'],
    [['list', '--data', 'elsewhere'], 1, 'elsewhere is no data folder'],
  ])('%j is refused', async (args, exitCode, said) => {
    const answer = await run('people', ...args);
    expect([answer.exitCode, answer.err]).toEqual([exitCode, expect.stringContaining(said)]);
  });

  it('refuses a second key of one name, and a damaged file', async () => {
    await run('people', 'add', 'ann', '--role', 'viewer');
    expect((await run('people', 'add', 'ann', '--role', 'owner')).err).toContain('ann has a key already.');
    writeFileSync(path(), '{');
    expect(await run('people', 'list')).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('is damaged'),
    });
  });
});

describe('L8: attendant audit', () => {
  const entry = (minute: number, more: Partial<AuditEntry> = {}): AuditEntry => ({
    at: `2026-01-15T11:0${minute}:00.000Z`,
    by: 'ann',
    role: 'runner',
    function: 'run-flow',
    what: 'start a run',
    target: { flow: 'invoices' },
    path: '/api/flows/invoices/run',
    status: 202,
    traceId: 't',
    ...more,
  });

  it('lists who changed what, page by page', async () => {
    await product.ports.audit.record(entry(1));
    await product.ports.audit.record(entry(2, { by: 'bob', role: 'owner', status: 403 }));
    const { out } = await run('audit', '--utc');
    expect(out.split('\n')).toEqual([
      'AT                    BY              WHAT         TARGET    STATUS',
      '2026-01-15 11:02:00Z  bob (owner)     start a run  invoices  403',
      '2026-01-15 11:01:00Z  ann (run-only)  start a run  invoices  202',
    ]);
    const of = async (...args: string[]) => {
      const page = JSON.parse((await run('audit', '--json', ...args)).out) as { entries: AuditEntry[] };
      return page.entries.map(({ by }) => by);
    };
    expect(await of('--by', 'ann')).toEqual(['ann']);
    expect(await of('--since', '2026-01-15T11:02:00Z')).toEqual(['bob']);
    expect(await of('--until', '2026-01-15T11:02:00Z')).toEqual(['ann']);
    expect(await of('--since', '2h', '--function', 'run-flow', '--target', 'invoices')).toEqual([
      'bob',
      'ann',
    ]);
    const page = await run('audit', '--top', '1');
    const continuation = /more: --continuation '(.*)'/.exec(page.out)?.[1] ?? '';
    expect(await of('--top', '1', '--continuation', continuation)).toEqual(['ann']);
  });
});

test('where people sign in, ATTENDANT_TOKEN goes with the key', async () => {
  const sent: (string | null)[] = [];
  const environment = {
    ATTENDANT_URL: 'http://localhost:7071',
    ATTENDANT_KEY: KEY,
    ATTENDANT_TOKEN: 'a.b.c',
  };
  const spy: typeof fetch = (input, init) => {
    const { headers } = new Request(input, init);
    sent.push(headers.get('authorization'), headers.get('x-functions-key'));
    return product.send(input, init);
  };
  await product.run(['flows', 'list'], { environment, fetch: spy });
  expect(sent).toEqual(['Bearer a.b.c', KEY]);
});
