import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readScenario } from '../../../agent/simulate/scenario';
import { fleetScreen } from '../../../local/launcher/fleet-screen';
import { compareEnds, readWork } from '../../../local/launcher/fleet-work';

const examples = join(__dirname, '../../../examples/fleet');

test('the work of the demo is for machines and users of its scenario, sixty runs, all of whose ends are expected', () => {
  const { machines } = readScenario(readFileSync(join(examples, 'fleet.yaml'), 'utf8'));
  const work = readWork(readFileSync(join(examples, 'work.yaml'), 'utf8'));
  const known = new Map(machines.map(({ name, users }) => [name, users.map((user) => user.name)]));
  for (const { machine, users } of work.batches)
    expect(known.get(machine)).toEqual(expect.arrayContaining(users));
  const requested = work.batches.reduce((sum, { count }) => sum + count, 0);
  const expected = compareEnds(work.expect, []).reduce((sum, line) => sum + line.expected, 0);
  expect({ requested, expected, machines: machines.length }).toEqual({
    requested: 60,
    expected: 60,
    machines: 6,
  });
});

test('work that cannot be read names the places that are wrong', () => {
  expect(() =>
    readWork('batches: [{ at: PT0S, machine: m, users: [], count: 0 }]\nexpect: { Succeeded: 1 }'),
  ).toThrow(/^batches\[0\]\.users: .*\nbatches\[0\]\.count: /);
});

test('ends are compared in both directions', () => {
  const expect1 = { Succeeded: 2, Failed: { SessionNotFound: 1 }, TimedOut: {} };
  expect(compareEnds(expect1, ['Succeeded', 'TimedOut NoCandidateMachine'])).toEqual([
    { end: 'Succeeded', count: 1, expected: 2 },
    { end: 'Failed SessionNotFound', count: 0, expected: 1 },
    { end: 'TimedOut NoCandidateMachine', count: 1, expected: 0 },
  ]);
});

test('a terminal is redrawn in place and never wraps; anything else gets plain lines', () => {
  const show = (isTTY: boolean): string => {
    let written = '';
    const write = (text: string | Uint8Array): boolean => (written += String(text)) !== '';
    const screen = fleetScreen({ write, isTTY, columns: 30 });
    screen.event('bob signs in');
    screen.draw(['a table that is rather wide for this', '', 'bob signs in']);
    screen.draw(['changed', '', 'bob signs in']);
    screen.print('the end');
    return written;
  };
  expect(show(true)).toBe(
    '\u001B[Ja table that is rather wide f\n\nbob signs in\n\u001B[3A\u001B[Jchanged\n\nbob signs in\nthe end\n',
  );
  expect(show(false)).toBe('bob signs in\n\na table that is rather wide for this\n\nthe end\n');
});
