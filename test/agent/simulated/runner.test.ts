import type { AgentEventBody, LogLine } from '../../../contracts/agent-protocol';
import { errorCatalogue } from '../../../contracts/errors';
import { SimulatedMachine } from '../../../agent/session/simulated/simulated-machine';
import type { Pace } from '../../../agent/simulate/pace';
import { readScenario, type RunBehaviour } from '../../../agent/simulate/scenario';
import { behaviourOf, simulatedRunner } from '../../../agent/simulate/simulated-runner';
import { newRunId } from '../../support/agent/fake-control-plane';
import { go } from '../../support/agent/agent-fixture';

const instant: Pace = { wait: async () => undefined };
/** Time stands still until the run is stopped or loses its session. */
const still: Pace = {
  wait: (_ms, signal) =>
    new Promise((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true })),
};

const behaviours = readScenario(`
machines: [{ name: desk, os: windows11 }]
runs:
  - flow: broken-*
    fail: { message: The ledger is locked. }
  - flow: test
    takes: PT10S
    steps: [{ subflow: Main, action: Open ledger }, { action: Post }]
    log: [one, two]
    outputs: { posted: 3 }
`).runs;

function play(options: { pace: Pace; flow?: string; locked?: boolean; behaviours?: RunBehaviour[] }) {
  const machine = new SimulatedMachine({
    name: 'desk',
    os: 'windows11',
    users: [{ name: 'anna' }],
    sessions: options.locked ? [{ user: 'anna', state: 'locked' }] : [],
    pace: instant,
  });
  const progress: AgentEventBody<'progress'>[] = [];
  const lines: LogLine[] = [];
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const runner = simulatedRunner({ machine, behaviours, pace: options.pace, onEvent: () => begin() });
  const command = go(newRunId(), { epoch: 1, n: 1 }, 'm');
  const name = options.flow ?? 'test';
  const handle = runner.start(
    { ...command, mode: 'unattended', desktopFlow: { ...command.desktopFlow, name } },
    {
      worker: async () => undefined,
      progress: (step) => void progress.push(step),
      usage: () => undefined,
      log: (more) => void lines.push(...more),
    },
  );
  return { machine, handle, progress, lines, begun };
}

test('steps with subflow and action, log lines, outputs', async () => {
  const { machine, handle, progress, lines } = play({ pace: instant });
  expect(await handle.ended).toEqual({ outcome: 'Succeeded', outputs: { posted: 3 } });
  expect(progress).toEqual([
    { subflow: 'Main', action: 'Open ledger', percent: 0 },
    { action: 'Post', percent: 50 },
  ]);
  expect(lines.map(({ text }) => text)).toEqual(['Runs as anna on desk.', 'one', 'two']);
  expect(machine.describe()).toEqual([]);
});

test('a failure by the name of the flow', async () => {
  const { handle } = play({ pace: instant, flow: 'broken-import' });
  const message = `${errorCatalogue.DesktopFlowFailed.message} The ledger is locked.`;
  expect(await handle.ended).toEqual({ outcome: 'Failed', error: { code: 'DesktopFlowFailed', message } });
});

test('C4: the exact message, with who is there beside it', async () => {
  const { handle } = play({ pace: instant, locked: true });
  expect(await handle.ended).toEqual({
    outcome: 'Failed',
    error: {
      code: 'Win10AlreadyHasActiveSession',
      message:
        'Cannot execute desktop flow. There is a locked or an inactive Windows user session on the target device.',
      details: 'desk: anna (locked).',
    },
  });
});

test('A7: a run that is stopped ends as stopped and signs off', async () => {
  const { handle, begun, machine } = play({ pace: still });
  await begun;
  handle.stop({ mode: 'ask', graceMs: 0, reason: 'cancelled' });
  expect(await handle.ended).toEqual({ outcome: 'Stopped' });
  expect(machine.describe()).toEqual([]);
});

test('H3: a session that is signed off under the run is SessionNotFound', async () => {
  const { handle, begun, machine } = play({ pace: still });
  await begun;
  machine.signOff('anna');
  expect(await handle.ended).toMatchObject({ outcome: 'Failed', error: { code: 'SessionNotFound' } });
});

test('a paused run goes on where it was', async () => {
  const { handle, progress } = play({ pace: instant });
  expect(await handle.pause()).toBe(true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(progress).toHaveLength(1);
  await handle.resume();
  expect(await handle.ended).toMatchObject({ outcome: 'Succeeded' });
  expect(progress).toHaveLength(2);
});

test('names are compared as a whole; dots are dots', () => {
  const known = behaviours.slice(0, 1);
  expect(behaviourOf(known, 'not-broken-x').takes).toBe(1_000);
  expect(behaviourOf(known, 'broken-x').fail).toBeDefined();
  expect(behaviourOf([{ ...behaviourOf([], ''), flow: 'a.b', takes: 7 }], 'axb').takes).toBe(1_000);
});
