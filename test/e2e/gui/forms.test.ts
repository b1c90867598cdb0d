import { readdirSync } from 'node:fs';
import { Product } from '../support/product';
import { MachineUser, requireMachine } from './support/machine-user';
import { FILL_ORDER, ORDER_FORM } from './support/order-form';
import { ServiceAgent } from './support/service-agent';

jest.setTimeout(90_000);

let product: Product;
let agent: ServiceAgent;
let ada: MachineUser;
beforeAll(async () => {
  requireMachine();
  ada = new MachineUser();
  product = await Product.start();
  agent = await ServiceAgent.start(product, 'service');
  await agent.publish('order', { 'main.js': FILL_ORDER, 'form.py': ORDER_FORM });
  await agent.addFlow('order', ada, ['customer', 'amount', 'end']);
});
afterAll(async () => {
  await agent?.stop();
  await product?.stop();
  await ada?.remove();
});

test('C1 D1: a flow fills in the form of a real program, as another user, with nobody at the machine', async () => {
  const run = await product.startRun('order', { customer: 'Grace Hopper', amount: '42', end: 'save' });
  const view = await product.ended(run, 60_000);
  expect(view).toMatchObject({
    status: 'Succeeded',
    outputs: { result: { customer: 'Grace Hopper', amount: '42', user: ada.name } },
  });
  const { lines } = await product.ok('GET', `/api/runs/${run}-1/logs`);
  const said = (lines as { text: string }[]).map(({ text }) => text);
  expect(said[0]).toMatch(`Signed in ${ada.name} on display :`);
  expect(said.at(-1)).toBe(`Signed out ${ada.name}.`);
  expect([...ada.processes().values()]).toEqual([]);
  expect(readdirSync(agent.dataDir)).not.toContain(run);
});
