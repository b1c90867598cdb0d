import { OrchestrationRuntimeStatus } from 'durable-functions';
import { ulid } from 'ulid';
import { flowDefinition } from '../../contracts/flow-definition';
import type { RunRow } from '../../adapters/ports';
import { openProduct } from './product';

const HOUR = 3_600_000;

let product: ReturnType<typeof openProduct>;
beforeEach(async () => {
  product = openProduct();
  const triggers = { manual: { type: 'Request' } };
  const actions = { Say: { type: 'Compose', inputs: 1 } };
  for (const name of ['a', 'b']) {
    await product.ports.flows.put(flowDefinition.parse({ name, triggers, actions }));
  }
});
afterEach(() => product.stop());

/** A run that was requested so many hours ago, and has ended. */
async function ended(
  hoursAgo: number,
  row: Partial<RunRow> & Pick<RunRow, 'name' | 'state'>,
): Promise<string> {
  const { ports, client } = product;
  const requestedMs = ports.now() - hoursAgo * HOUR;
  const run = ulid(requestedMs);
  await ports.runs.record({ kind: 'cloud', run, requestedMs, endedMs: requestedMs + 1, ...row });
  const input = { run, flow: row.name, definition: 'x', triggerBody: { hoursAgo } };
  const output = { state: row.state, actions: {} };
  client.instances.set(run, { input, output, runtimeStatus: OrchestrationRuntimeStatus.Completed });
  return run;
}

async function list(...filters: string[]): Promise<string[]> {
  const { out, err } = await product.run(['runs', 'list', '--json', ...filters]);
  expect(err).toBe('');
  return (JSON.parse(out) as { runs: { run: string }[] }).runs.map(({ run }) => run);
}

test('A8: attendant runs list by flow, status, trigger, starter and time, page by page', async () => {
  const old = await ended(50, { name: 'a', state: 'Failed', trigger: 'Button', startedBy: 'ann' });
  const late = await ended(1, {
    name: 'a',
    state: 'Succeeded',
    trigger: 'Recurrence',
    startedBy: 'schedule',
  });
  const other = await ended(0, { name: 'b', state: 'Failed', trigger: 'Button', startedBy: 'bob' });
  expect(await list()).toEqual([other, late, old]);
  expect(await list('--flow', 'a')).toEqual([late, old]);
  expect(await list('--status', 'Failed')).toEqual([other, old]);
  expect(await list('--trigger', 'Recurrence')).toEqual([late]);
  expect(await list('--started-by', 'ann')).toEqual([old]);
  expect(await list('--since', '2h')).toEqual([other, late]);
  expect(await list('--until', '2d')).toEqual([old]);
  const page = await product.run(['runs', 'list', '--top', '2']);
  const continuation = /more: --continuation '(.*)'/.exec(page.out)?.[1] ?? '';
  expect(await list('--top', '2', '--continuation', continuation)).toEqual([old]);
});

test('A8: attendant runs list refuses a time that is none, and filters that do not go together', async () => {
  const run = (...args: string[]) => product.run(['runs', 'list', ...args]);
  expect((await run('--since', 'lately')).exitCode).toBe(2);
  expect((await run('--flow', 'a', '--desktop-flow', 'd')).err).toContain('[InvalidQuery]');
  expect((await run('--status', 'Broken')).err).toContain('[InvalidQuery]');
});

test('A6: attendant runs resubmit repeats one run, or all that failed, each of these once', async () => {
  const failed = await ended(2, { name: 'a', state: 'Failed' });
  const older = await ended(3, { name: 'a', state: 'Failed' });
  await ended(4, { name: 'a', state: 'Succeeded' });
  await ended(5, { name: 'b', state: 'Failed' });
  const started = () => product.client.started.map(({ input }) => input as { resubmittedFrom: string });
  const one = await product.run(['runs', 'resubmit', failed]);
  expect(one.out).toMatch(new RegExp(`^${failed} runs again as \\w{26}$`));
  expect(started()).toMatchObject([{ resubmittedFrom: failed, triggerBody: { hoursAgo: 2 } }]);
  for (let i = 0; i < 2; i++) await product.run(['runs', 'resubmit', '--flow', 'a', '--since', '1d']);
  expect(started().map(({ resubmittedFrom }) => resubmittedFrom)).toEqual([failed, failed, older]);
  expect((await product.run(['runs', 'resubmit', '--flow', 'a', '--since', '1m'])).out).toBe('No run fits.');
  expect((await product.run(['runs', 'resubmit', '--limit', '0'])).exitCode).toBe(2);
});
