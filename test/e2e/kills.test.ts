import { Gate } from './support/gate-flow';
import { descendants, isAlive, kill } from './support/processes';
import { Product } from './support/product';

let product: Product;
beforeAll(async () => {
  product = await Product.start();
  await Gate.publish(product);
});
afterAll(() => product?.stop());

/** A run whose desktop flow is at work. */
async function runAtTheGate(): Promise<{ gate: Gate; run: string }> {
  const gate = new Gate(product);
  const run = await gate.start();
  await gate.begun();
  return { gate, run };
}

async function expectPassedOnce(gate: Gate, run: string): Promise<void> {
  const view = await product.ended(run);
  expect(view).toMatchObject({
    status: 'Succeeded',
    outputs: { word: 'open' },
    children: [{ run: `${run}-1`, status: 'Succeeded' }],
  });
  expect(view.children).toHaveLength(1);
  expect(gate.executions()).toBe(1);
  const { lines } = await product.ok('GET', `/api/runs/${run}-1/logs`);
  expect((lines as { text: string }[]).map(({ text }) => text)).toContain('through the gate');
  const note = await product.call('GET', `/api/runs/${run}-1/artifacts/note.txt`);
  expect(note).toMatchObject({ status: 200, text: 'passed' });
  await product.queueEmpty();
}

test('L4: the host is killed while the desktop flow runs: the run ends Succeeded, executed once', async () => {
  const { gate, run } = await runAtTheGate();
  await product.killHost();
  gate.open();
  await expectPassedOnce(gate, run);
});

test('L4: the desktop flow ends while the host is down: its result arrives when the host is back', async () => {
  const { gate, run } = await runAtTheGate();
  const killed = product.killHost();
  gate.open();
  await killed;
  await expectPassedOnce(gate, run);
});

test('a run asked for just before the host is killed is not lost', async () => {
  const gate = new Gate(product);
  gate.open();
  const run = await gate.start();
  await product.killHost();
  await expectPassedOnce(gate, run);
});

test('L4: launcher and host are killed and started again: the agent goes on and is adopted', async () => {
  const { gate, run } = await runAtTheGate();
  const agent = product.agentPid();
  await product.killLauncher();
  expect(product.agentPid()).toBe(agent);
  gate.open();
  await product.launch();
  await expectPassedOnce(gate, run);
  expect(product.agentPid()).toBe(agent);
});

test('the agent and its worker are killed: the run fails with SessionNotFound, once, and the machine is free', async () => {
  const { gate, run } = await runAtTheGate();
  const agent = product.agentPid() ?? 0;
  for (const pid of [agent, ...descendants(agent)]) kill(pid);
  await expectSessionLost(gate, run);
});

test('the agent alone is killed: its worker is ended, the run fails, the machine is free (rule 5)', async () => {
  const { gate, run } = await runAtTheGate();
  const agent = product.agentPid() ?? 0;
  const workers = descendants(agent);
  expect(workers.length).toBeGreaterThan(0);
  kill(agent);
  await expectSessionLost(gate, run);
  expect(workers.filter(isAlive)).toEqual([]);
});

async function expectSessionLost(gate: Gate, run: string): Promise<void> {
  const view = await product.ended(run);
  expect(view).toMatchObject({
    status: 'Failed',
    children: [{ run: `${run}-1`, status: 'Failed', error: { code: 'SessionNotFound' } }],
  });
  expect(view.children).toHaveLength(1);
  expect(gate.executions()).toBe(1);

  const next = new Gate(product);
  next.open();
  await expectPassedOnce(next, await next.start());
  expect(gate.executions()).toBe(1);
}
