import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HeldSession } from '../../../contracts/console';
import { Product } from '../support/product';
import { MachineUser, requireMachine } from './support/machine-user';
import { Picture } from './support/picture';
import { FILL_ORDER, ORDER_FORM } from './support/order-form';
import { ServiceAgent } from './support/service-agent';

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
  const view = await product.ended(run);
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

const TRAP = `
const fs = require('node:fs');
const path = require('node:path');
const attendant = require('attendant');
const run = path.dirname(process.cwd());
const agent = path.dirname(path.dirname(run));
const tries = {};
for (const [name, what] of Object.entries({
  identity: () => fs.readFileSync(path.join(agent, 'identity.json')),
  journal: () => fs.readFileSync(path.join(agent, 'journal.jsonl')),
  runs: () => fs.readdirSync(path.dirname(run)),
  packages: () => fs.readdirSync(path.join(agent, 'packages')),
  sessions: () => fs.readdirSync(path.join(agent, 'sessions')),
  become: () => require('node:child_process').execFileSync('su', ['-c', 'true', attendant.inputs.user], { stdio: 'pipe' }),
})) {
  try {
    what();
    tries[name] = 'done';
  } catch (error) {
    tries[name] = error.code ?? error.status;
  }
}
attendant.outputs({ tries, mode: fs.statSync(run).mode & 0o777, packageOwner: fs.statSync(__filename).uid });
const artifacts = path.dirname(attendant.artifact('x'));
fs.rmSync(artifacts, { recursive: true });
fs.symlinkSync(attendant.inputs.folder, artifacts);
`;

test('C3: a flow reaches neither the agent’s folders nor, through a trap it lays, a folder of the machine', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'attendant-not-yours-'));
  writeFileSync(join(folder, 'kept'), 'kept');
  chmodSync(folder, 0o755);
  await agent.publish('trap', { 'main.js': TRAP });
  await agent.addFlow('trap', ada, ['folder', 'user']);
  const view = await product.ended(await product.startRun('trap', { folder, user: ada.name }));
  expect(view).toMatchObject({
    status: 'Succeeded',
    outputs: {
      result: {
        tries: {
          identity: 'EACCES',
          journal: 'EACCES',
          runs: 'EACCES',
          packages: 'EACCES',
          sessions: 'EACCES',
          become: 1,
        },
        mode: 0o700,
        packageOwner: ada.uid,
      },
    },
  });
  expect([readdirSync(folder), statSync(folder).uid]).toEqual([['kept'], 0]);
  rmSync(folder, { recursive: true });
});

/** Doubles until nothing lets it; after half a minute it gives up by itself. */
const FORK_BOMB = `
const { spawnSync } = require('node:child_process');
spawnSync('timeout', ['--signal=KILL', '30', 'bash', '-c', 'b() { b | b & b; }; b'], { stdio: 'ignore' });
setInterval(() => {}, 1000);
`;

test('L5 C3: a fork bomb ends its own run, and leaves neither a process nor the next run without room', async () => {
  await agent.publish('bomb', { 'main.js': FORK_BOMB });
  await agent.addFlow('bomb', ada, []);
  const view = await product.ended(await product.startRun('bomb', {}), 200_000);
  expect(view).toMatchObject({ status: 'Failed' });
  expect(JSON.stringify(view)).toContain('DesktopFlowLimitExceeded');
  expect([...ada.processes().values()]).toEqual([]);
  const next = await product.startRun('order', { customer: 'Grace', amount: '1', end: 'save' });
  expect(await product.ended(next)).toMatchObject({ status: 'Succeeded' });
});

test('L8 C2: a flow that fails in the middle leaves a picture of the window it failed at', async () => {
  const run = await product.startRun('order', { customer: 'Grace Hopper', amount: '?', end: 'fail' });
  const view = await product.ended(run);
  expect(view).toMatchObject({
    status: 'Failed',
    children: [{ status: 'Failed', error: { code: 'DesktopFlowFailed' } }],
  });
  const { screenshot } = await product.ok('GET', `/api/runs/${run}-1`);
  const png = await agent.download((screenshot as { href: string }).href);
  const picture = new Picture(png);
  expect([picture.width, picture.height]).toEqual([1280, 800]);
  // The form lies at 100, 100 with a grey of its own, on black; its fields are white with the text of the flow in black.
  expect([picture.at(50, 50), picture.at(110, 290), picture.at(490, 110)]).toEqual([
    '#000000',
    '#dddddd',
    '#dddddd',
  ]);
  expect(picture.count('#dddddd')).toBeGreaterThan(40_000);
  expect(picture.count('#22aa44')).toBe(0);
});

test('D2: somebody at the machine sees the session of a run and ends it; the run says who', async () => {
  await agent.publish('endless', { 'main.js': 'setInterval(() => undefined, 1000);' });
  await agent.addFlow('endless', ada, []);
  const run = `${await product.startRun('endless', {})}-1`;
  const held = await product.until('the session of the run', async () => {
    const listed = await agent.command('sessions', 'list', '--json');
    expect(listed).toMatchObject({ code: 0 });
    return (JSON.parse(listed.out) as HeldSession[]).find((session) => session.run === run);
  });
  expect(held).toMatchObject({ user: ada.name, display: expect.stringMatching(/^:\d+$/), state: 'used' });
  // Nobody can be asked here.
  expect(await agent.command('sessions', 'end', held.id)).toMatchObject({ code: 1, out: '' });
  expect(await agent.command('sessions', 'end', held.display ?? '', '--force')).toMatchObject({ code: 0 });
  const view = await product.ended(run.slice(0, -2));
  expect(view.children[0]).toMatchObject({
    status: 'Failed',
    error: {
      code: 'SessionNotFound',
      message: expect.stringContaining('root has ended the session at the machine.') as string,
    },
  });
  expect([...ada.processes().values()]).toEqual([]);
  expect((await agent.command('sessions', 'list')).out).toBe('None.\n');
});

test('E1 E3: an attended run fills in the form on the desktop of its user, whom the connection names in another form', async () => {
  await agent.addFlow('attended', ada, ['customer', 'amount', 'end'], {
    desktopFlow: 'order',
    user: `.\\${ada.name}`,
  });
  const input = { customer: 'Grace Hopper', amount: '43', end: 'save' };
  const early = await product.ended(await product.startRun('attended', input));
  expect(early.children[0]).toMatchObject({ error: { code: 'AttendedUserNotLoggedIn' } });

  const display = await ada.desktop('800x600x24');
  await product.until('the machine to tell of it', async () => {
    const { text } = await product.call('GET', `/api/machines/${agent.machine}`);
    return text.includes(`"user":"${ada.name}"`);
  });
  const view = await product.ended(await product.startRun('attended', input));
  expect(view).toMatchObject({
    status: 'Succeeded',
    outputs: { result: { customer: 'Grace Hopper', amount: '43', user: ada.name, display } },
  });
  expect([...ada.processes().values()]).toEqual([expect.stringMatching(`^Xvfb ${display} `)]);
});
