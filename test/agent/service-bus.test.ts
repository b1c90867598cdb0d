import { ServiceBusClient } from '@azure/service-bus';
import type { AgentStatus } from '../../agent/link/status';
import { noopRunner } from '../../agent/runner/noop-runner';
import { openServiceBusLink } from '../../agent/link/service-bus-link';
import { AgentFixture, go, offer } from '../support/agent/agent-fixture';
import { BrokerBackend } from '../support/agent/broker-backend';
import { newRunId } from '../support/agent/fake-control-plane';

/** The listener over AMQP with the vendor's client, against the local broker. */
describe('the agent over Service Bus', () => {
  let fixture: AgentFixture;
  let bus: BrokerBackend;
  const statuses: AgentStatus[] = [];

  beforeEach(async () => {
    statuses.length = 0;
    fixture = new AgentFixture();
    bus = new BrokerBackend(fixture.controlPlane);
    await fixture.register();
    await bus.start();
  });
  afterEach(async () => {
    await fixture.end();
    await bus.end();
  });

  const start = (): Promise<unknown> =>
    fixture.start({
      openLink: openServiceBusLink,
      runner: noopRunner(),
      onStatus: (status) => statuses.push(status),
    });
  async function runThrough(): Promise<string> {
    const run = newRunId();
    const fence = fixture.fence();
    await bus.command(offer(run, fence, fixture.controlPlane.machine));
    await bus.event(run, 'accepted');
    await bus.command(go(run, fence, fixture.controlPlane.machine));
    await bus.event(run, 'done');
    return run;
  }

  test('hello, then offer → accepted → go → started → done, signed, numbered and in order', async () => {
    await start();
    const run = await runThrough();
    expect(bus.kinds(run)).toEqual(['accepted', 'started', 'done']);
    const hello = bus.events.find((event) => event.kind === 'hello');
    expect(JSON.parse(hello?.body ?? '')).toMatchObject({
      report: { os: 'linux', maxSessions: 1, sessions: [{ state: 'active' }] },
      installation: fixture.controlPlane.registered?.installation,
    });
    const seqs = bus.events.map((event) => event.seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(new Set(seqs).size).toBe(seqs.length);
    await bus.until(() => bus.broker?.counts(fixture.controlPlane.machine).locked === 0);
    expect(bus.broker?.counts(fixture.controlPlane.machine)).toMatchObject({ active: 0, deadLetter: 0 });
  });

  test('a host that comes back on another port is found through a new lease; nothing is lost (H3)', async () => {
    await start();
    await runThrough();
    await bus.stop();
    await bus.start();
    await runThrough();
    expect(fixture.controlPlane.leases).toBeGreaterThan(1);
    expect(statuses.at(-1)?.state).toBe('connected');
  });

  test('sequence numbers go on rising after a restart of the agent', async () => {
    await start();
    await runThrough();
    const before = Math.max(...bus.events.map((event) => event.seq));
    await fixture.agent?.stop();
    await start();
    const run = await runThrough();
    const after = bus.events.filter((event) => event.run === run).map((event) => event.seq);
    expect(Math.min(...after)).toBeGreaterThan(before);
  });

  test('a lease for the wrong queue is named, and a new one mends it', async () => {
    const right = fixture.controlPlane.access;
    fixture.controlPlane.access = () => ({
      ...right(),
      events: { ...right().events, queue: fixture.controlPlane.machine },
    });
    await start();
    await fixture.until(() => statuses.some((status) => status.state === 'leaseRejected'));
    expect(statuses.find((status) => status.state === 'leaseRejected')?.message).toMatch(
      /refuses the access/,
    );
    fixture.controlPlane.access = right;
    await runThrough();
    expect(statuses.at(-1)?.state).toBe('connected');
  });

  test('a lease is renewed ahead of its end while commands go on', async () => {
    fixture.controlPlane.leaseMs = 1_500;
    await start();
    await runThrough();
    await fixture.until(() => fixture.controlPlane.leases >= 3);
    await runThrough();
    expect(new Set(statuses.map((status) => status.state))).toEqual(new Set(['connected']));
  });

  test('a command that is none, or for another machine, is put aside with the reason', async () => {
    await start();
    await runThrough();
    const { machine } = fixture.controlPlane;
    const client = new ServiceBusClient(bus.broker?.connectionString() ?? '');
    const sender = client.createSender(machine);
    const dead = client.createReceiver(machine, { subQueueType: 'deadLetter' });
    await sender.sendMessages({ body: { v: 1, kind: 'explode' } });
    const [first] = await dead.receiveMessages(1);
    expect(first?.deadLetterReason).toBe('InvalidCommand');
    await sender.sendMessages({ body: offer(newRunId(), fixture.fence(), `m-${'z'.repeat(26)}`) });
    const [second] = await dead.receiveMessages(1);
    expect(second?.deadLetterErrorDescription).toBe(`This is ${machine}.`);
    await client.close();
    await runThrough();
  });
});
