import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { ServiceBusClient } from '@azure/service-bus';
import { newIdentity, readRegistered } from '../../agent/identity/identity';
import { Signer } from '../../agent/identity/keys';
import { AGENT_EVENTS_QUEUE, eventMessageId, type AgentEventEnvelope } from '../../contracts/agent-protocol';
import { Gate } from './support/gate-flow';
import { kill, ROOT } from './support/processes';
import { Product } from './support/product';

let product: Product;
let gate: Gate;
let run: string;
beforeAll(async () => {
  product = await Product.start();
  await Gate.publish(product);
  gate = new Gate(product);
  run = await gate.start();
  await gate.begun();
});
afterAll(() => product?.stop());

/** The broker with every right, as somebody who got at the namespace's key. */
function openBus(): ServiceBusClient {
  const read = (name: string): Record<string, string | number> =>
    JSON.parse(readFileSync(join(product.dataDir, name), 'utf8')) as Record<string, string | number>;
  return new ServiceBusClient(
    `Endpoint=sb://127.0.0.1:${read('ports.json')['broker']};SharedAccessKeyName=RootManageSharedAccessKey;` +
      `SharedAccessKey=${read('keys.json')['broker']};UseDevelopmentEmulator=true`,
  );
}

/** Sends and waits until the host has taken all of it. */
async function send(events: unknown[]): Promise<void> {
  const bus = openBus();
  try {
    const sender = bus.createSender(AGENT_EVENTS_QUEUE);
    for (const body of events) {
      const messageId = eventMessageId(body as AgentEventEnvelope);
      await sender.sendMessages({ body, messageId, contentType: 'application/json' });
    }
    const ids = new Set(events.map((event) => eventMessageId(event as AgentEventEnvelope)));
    await product.until('the events to be taken', async () => {
      const receiver = bus.createReceiver(AGENT_EVENTS_QUEUE);
      const waiting = await receiver.peekMessages(100);
      await receiver.close();
      return !waiting.some(({ messageId }) => ids.has(String(messageId)));
    });
  } finally {
    await bus.close();
  }
}

/** `done` of the run at the gate for all fences that it may have. */
function doneEvents(of: { machine: string; epoch: number; signer: Signer }, outcome: string) {
  return Array.from({ length: 20 }, (_, index) =>
    of.signer.event({
      v: 1,
      machine: of.machine,
      epoch: of.epoch,
      seq: 900_000_000 + index,
      time: new Date().toISOString(),
      kind: 'done',
      run: `${run}-1`,
      fence: { epoch: of.epoch, n: index + 1 },
      body: JSON.stringify({ outcome, outputs: { word: 'forged' } }),
    }),
  );
}

async function expectUntouched(): Promise<void> {
  const view = await product.run(run);
  expect(view.status).not.toMatch(/Succeeded|Failed|Cancelled|TimedOut/);
  const queue = await product.ok('GET', `/api/machines/${await product.machine()}/queue`);
  expect(queue['running']).toMatchObject([{ run: `${run}-1` }]);
}

test('an event that its machine did not sign is dropped', async () => {
  const { machine, epoch } = await readRegistered(join(product.dataDir, 'agent'));
  const foreign = newIdentity('http://127.0.0.1', 'foreign').signing.privateKey;
  await send(doneEvents({ machine, epoch, signer: new Signer(machine, foreign) }, 'Succeeded'));
  await expectUntouched();
});

test("an event of a machine for another machine's run is dropped", async () => {
  const own = newIdentity(product.endpoint.url, 'second-machine');
  const { token } = await product.ok('POST', '/api/registration-tokens', {});
  const answer = await product.ok('POST', '/api/agent/register', {
    token,
    name: own.name,
    publicKey: own.signing.publicKey,
    sealingKey: own.sealing.publicKey,
    installation: 'x',
    report: {
      os: 'linux',
      osVersion: '1',
      agentVersion: '1',
      hostname: 'second',
      maxSessions: 1,
      rds: false,
      multipleSessionsPerUser: false,
      sessions: [],
      runners: ['node'],
    },
  });
  const machine = String(answer['machine']);
  const signer = new Signer(machine, own.signing.privateKey);
  await send(doneEvents({ machine, epoch: Number(answer['epoch']), signer }, 'Succeeded'));
  await expectUntouched();
});

test('an event that is no event is dropped', async () => {
  await send([
    { machine: 'm', epoch: 0, seq: 0 },
    { machine: 'm', epoch: 0, seq: 1, v: 1, kind: 'done' },
  ]);
  await expectUntouched();
});

test('a second agent with a copy of the identity gets nothing and says so', async () => {
  const copy = join(product.dataDir, 'copied-agent');
  cpSync(join(product.dataDir, 'agent'), copy, { recursive: true });
  // On another computer nobody holds the folder.
  rmSync(join(copy, 'lock.json'));
  const child = spawn(
    process.execPath,
    ['--no-warnings', join(ROOT, 'dist/agent/main.js'), 'run', '--data', copy, '--url', product.endpoint.url],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  try {
    await product.until('the second agent to be refused', () => said.includes('AgentAlreadyRunning'), {
      evidence: () => said,
    });
    await expectUntouched();
  } finally {
    kill(child.pid ?? 0, 'SIGKILL');
  }
});

test('after all of that the run ends as its own agent says, once', async () => {
  gate.open('mine');
  expect(await product.ended(run)).toMatchObject({ status: 'Succeeded', outputs: { word: 'mine' } });
  expect(gate.executions()).toBe(1);
  await product.queueEmpty();
});
