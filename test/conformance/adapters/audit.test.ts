import type { Ports } from '../../../adapters/ports';
import type { AuditEntry } from '../../../contracts/audit';
import { portSets, type PortSet } from './port-sets';

const DAY = 86_400_000;
const T0 = Date.UTC(2026, 0, 31, 23, 59);

const entry = (n: number, atMs = T0 + n * 60_000): AuditEntry => ({
  at: new Date(atMs).toISOString(),
  by: n % 2 === 0 ? "o'hara" : 'ann',
  role: 'owner',
  function: n === 3 ? 'put-flow' : 'run-flow',
  what: 'do it',
  target: { flow: `f${n}` },
  path: '/api/x',
  status: 200,
  traceId: `t${n}`,
});

describe.each(portSets)('the audit log over %s', (_name, open) => {
  let set: PortSet;
  let ports: Ports;
  beforeAll(async () => {
    set = await open();
    ports = set.ports;
  });
  afterAll(() => set.stop());

  const ids = (entries: AuditEntry[]) => entries.map(({ traceId }) => traceId).join(' ');

  it('L8: is listed newest first over midnight, by who, function, target and time, and goes day by day', async () => {
    for (let n = 0; n < 5; n++) await (n === 4 ? set.reopen() : ports).audit.record(entry(n));
    const of = async (query: Partial<Parameters<Ports['audit']['list']>[0]>) =>
      ids((await ports.audit.list({ top: 9, ...query })).entries);
    expect(await of({})).toBe('t4 t3 t2 t1 t0');
    expect(await of({ by: "o'hara" })).toBe('t4 t2 t0');
    expect(await of({ by: 'ann', function: 'put-flow' })).toBe('t3');
    expect(await of({ target: 'f2' })).toBe('t2');
    expect(await of({ fromMs: T0 + 60_000, toMs: T0 + 180_000 })).toBe('t2 t1');
    expect(await of({ toMs: T0 })).toBe('');
    const pages: string[] = [];
    for (let continuation: string | undefined = ''; continuation !== undefined;) {
      const page = await ports.audit.list({ top: 2, ...(continuation ? { continuation } : {}) });
      pages.push(ids(page.entries));
      ({ continuation } = page as { continuation?: string });
    }
    expect(pages.filter(Boolean)).toEqual(['t4 t3', 't2 t1', 't0']);

    expect(await ports.audit.purge(T0, 9)).toBe(0);
    expect(await ports.audit.purge(T0 + DAY, 9)).toBe(1);
    expect(await of({})).toBe('t4 t3 t2 t1');
    expect(await ports.audit.purge(T0 + 2 * DAY, 3)).toBe(3);
    expect(await ports.audit.purge(T0 + 2 * DAY, 3)).toBe(1);
    expect(await of({})).toBe('');
  });

  it('L8: what one process notes within a millisecond stays in its order', async () => {
    for (const n of [1, 2, 3]) await ports.audit.record(entry(n, T0 + 9 * DAY));
    expect(ids((await ports.audit.list({ top: 9 })).entries)).toBe('t3 t2 t1');
  });
});
