import type { FlowDefinition } from '../../contracts/flow-definition';
import type { PlanningView } from '../../contracts/planning';
import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { api } from '../support/rig-api';
import { MINUTE, publishDesktopFlow, startDesktopRun } from '../support/runs';
import { TestAgent } from '../support/test-agent';

let rig: AppRig;

let agent: TestAgent;
beforeEach(async () => {
  rig = startApp();
  agent = await TestAgent.register(rig);
  await publishDesktopFlow(rig);
  await agent.hello();
});
afterEach(() => rig.close());

function scheduled(name: string, minutes: number[], connection = 'machine-1'): FlowDefinition {
  return {
    name,
    triggers: {
      daily: {
        type: 'Recurrence',
        missed: 'skip',
        overlap: 'allow',
        recurrence: {
          frequency: 'Day',
          interval: 1,
          timeZone: 'Europe/Berlin',
          schedule: { hours: [14], minutes },
        },
      },
    },
    actions: {
      enter: {
        type: 'DesktopFlow',
        inputs: { desktopFlow: 'invoices', connection, mode: 'unattended', inputs: {}, priority: 'normal' },
      },
    },
  };
}

async function planning(query: Record<string, string> = {}): Promise<PlanningView> {
  return (await api(rig, 'GET', 'planning', undefined, { query })).body as unknown as PlanningView;
}

/** One run of the desktop flow, so that the queue knows how long it takes. */
async function runOf(minutes: number): Promise<void> {
  await startDesktopRun(rig);
  const grant = await agent.startRun();
  await rig.advance(minutes * MINUTE);
  await agent.succeed(grant);
}

test('H4: the planning view shows which hours of a machine are overbooked, by which flows, and where time is left', async () => {
  await runOf(25);
  await rig.ports.flows.put(scheduled('invoices', [0, 20]));
  await rig.ports.flows.put(scheduled('reminders', [30]));
  const { queues, unplanned, from } = await planning({ hours: '12' });
  expect([from, unplanned]).toEqual(['2026-01-05T08:00:00.000Z', []]);
  expect(queues).toMatchObject([{ queue: agent.machine, name: 'machine-1', machines: 1 }]);
  const busy = queues[0]?.hours.filter(({ flows }) => flows.length > 0);
  expect(busy).toEqual([
    {
      at: '2026-01-05T13:00:00.000Z',
      busyMinutes: 75,
      capacityMinutes: 60,
      overbooked: true,
      flows: [
        { flow: 'invoices', desktopFlow: 'invoices', starts: 2, busyMinutes: 50 },
        { flow: 'reminders', desktopFlow: 'invoices', starts: 1, busyMinutes: 25 },
      ],
    },
  ]);
  expect(queues[0]?.quietest).not.toContain('2026-01-05T13:00:00.000Z');
});

test('H4: what cannot be told in advance is named', async () => {
  await rig.ports.flows.put(scheduled('unknown', [0], 'nowhere'));
  await rig.ports.flows.put(scheduled('never-ran', [0]));
  const { unplanned } = await planning();
  expect(unplanned).toEqual(
    expect.arrayContaining([
      { flow: 'unknown', action: 'enter', why: 'There is no connection nowhere.' },
      { flow: 'never-ran', action: 'enter', why: 'No run has shown yet how long it takes.' },
    ]),
  );
  expect((await api(rig, 'GET', 'planning', undefined, { query: { hours: '0' } })).body).toMatchObject({
    code: 'InvalidQuery',
  });
});
