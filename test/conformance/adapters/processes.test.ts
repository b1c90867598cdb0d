import type { Ports } from '../../../adapters/ports';
import { processDefinition } from '../../../contracts/processes';
import { begin } from '../../../domain/processes/commands';
import { portSets, type PortSet } from './port-sets';

const T0 = Date.UTC(2026, 0, 15);

describe.each(portSets)('business process flows over %s', (_name, open) => {
  let set: PortSet;
  let ports: Ports;
  beforeAll(async () => {
    set = await open();
    ports = set.ports;
  });
  afterAll(() => set.stop());

  it('A4: definitions; cases latest first, changed once for each mark, looked after while they wait', async () => {
    const { processes } = ports;
    const definition = processDefinition.parse({
      name: 'orders',
      stages: [{ name: 'intake' }, { name: 'check' }],
    });
    await processes.put(definition);
    expect(await processes.get('orders')).toEqual(definition);
    const value = begin(definition, { customer: 'Ann' }, { by: 'owner', nowMs: T0 });
    const run = {
      key: '1.x.1',
      visit: 1,
      stage: 0,
      flow: 'x',
      on: 'entry',
      wait: true,
      atMs: T0,
      by: 'owner',
    } as const;
    for (const id of ['8', '9']) {
      await processes.insertCase({ process: 'orders', id, title: `case ${id}`, createdMs: T0, value });
    }
    const stored = await processes.getCase('orders', '8');
    if (!stored) throw new Error('the case is gone');
    expect(await processes.pendingCases()).toEqual([]);
    const waiting = { ...stored, value: { ...value, runs: [{ ...run, inputs: undefined }] } };
    expect(await set.reopen().processes.replaceCase(waiting)).toBe(true);
    expect(await processes.replaceCase(waiting)).toBe(false);
    expect(await processes.pendingCases()).toEqual([{ process: 'orders', id: '8' }]);
    await processes.settled({ process: 'orders', id: '8' });
    expect(await processes.pendingCases()).toEqual([]);
    const first = await processes.listCases('orders', { top: 1 });
    expect([first.cases.map(({ id }) => id), first.continuation]).toEqual([['8'], '8']);
    const rest = await processes.listCases('orders', {
      top: 5,
      continuation: first.continuation,
      state: 'open',
    });
    expect(rest.cases.map(({ title }) => title)).toEqual(['case 9']);
    await processes.remove('orders');
    expect(await processes.list()).toEqual([]);
    expect((await processes.getCase('orders', '9'))?.value.data).toEqual({ customer: 'Ann' });
  });
});
