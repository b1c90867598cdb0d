import { RunSpeakers } from '../../adapters/run-speakers';
import type { AgentEventEnvelope } from '../../contracts/agent-protocol';
import { createInMemoryPorts } from '../support/in-memory-ports';

const run = '01HZZZZZZZZZZZZZZZZZZZZZ01-1';
const grant = { run, machine: 'm-1', fence: { epoch: 1, n: 7 } };

function said(fence = grant.fence, machine = grant.machine): AgentEventEnvelope {
  return { run, machine, fence } as AgentEventEnvelope;
}

test('L4: the machine that a run was offered to last may speak for it', async () => {
  const ports = createInMemoryPorts();
  const { runs } = ports;
  await runs.record({ run, kind: 'desktop', name: 'invoices', state: 'Queued', requestedMs: 1 });
  const offering = new RunSpeakers(ports);
  await offering.appoint({ grant, queue: 'q' });
  for (const speakers of [offering, new RunSpeakers(ports)]) {
    expect(await speakers.find(said())).toEqual({ grant, queue: 'q' });
    expect(await speakers.find(said({ epoch: 1, n: 6 }))).toBe('not its grant');
    expect(await speakers.find(said(grant.fence, 'm-2'))).toBe('not its grant');
  }
});

test('an answer that overtakes the row is heard where the row is on its way', async () => {
  const ports = createInMemoryPorts();
  const { runs } = ports;
  await runs.record({ run, kind: 'desktop', name: 'invoices', state: 'Queued', requestedMs: 1 });
  const found = new RunSpeakers(ports).find(said());
  await new RunSpeakers(ports).appoint({ grant, queue: 'q' });
  expect(await found).toEqual({ grant, queue: 'q' });
});

test('a run that nobody knows is told apart', async () => {
  const ports = createInMemoryPorts();
  expect(await new RunSpeakers(ports).find(said())).toBe('unknown run');
});
