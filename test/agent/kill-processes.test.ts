import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readProcessTable } from '../../agent/process/family';
import { killProcesses, sendSignal } from '../../agent/process/kill-processes';
import { hasEnded, isAlive, startOf, type ProcStat } from '../../agent/process/process-identity';
import { until } from '../e2e/support/until';

const leaders = new Set<number>();
afterEach(() => {
  for (const leader of leaders) sendSignal(-leader, 'SIGKILL');
  leaders.clear();
});

/** A process group of a shell and two programs. */
async function group(): Promise<{ leader: number; members: Map<number, ProcStat> }> {
  const child = spawn('sh', ['-c', 'sleep 1000 & sleep 1000 & echo up; wait'], { detached: true });
  await once(child.stdout, 'data');
  const leader = child.pid ?? 0;
  leaders.add(leader);
  return { leader, members: membersOf(leader) };
}

function membersOf(leader: number): Map<number, ProcStat> {
  return new Map([...readProcessTable()].filter(([, stat]) => stat.group === leader && !hasEnded(stat)));
}

test('L5: a group that is meant as a whole is killed at once, with a process that started since the look', async () => {
  const { leader, members } = await group();
  const [latest = 0] = [...members.keys()].filter((pid) => pid !== leader);
  members.delete(latest);
  killProcesses(new Set(members.keys()), members);
  await until('the group to be gone', () => membersOf(leader).size === 0);
});

test('of a group that somebody else is in too, only those that are meant are killed', async () => {
  const { leader, members } = await group();
  const [mine = 0, other = 0] = [...members.keys()].filter((pid) => pid !== leader);
  const start = (await startOf(other)) ?? '';
  killProcesses(new Set([mine, leader]));
  await until('those two to be gone', () => membersOf(leader).size === 1);
  expect(await isAlive({ pid: other, start })).toBe(true);
});

test('processes that have ended by then are no error', async () => {
  const { leader, members } = await group();
  sendSignal(-leader, 'SIGKILL');
  await until('the group to be gone', () => membersOf(leader).size === 0);
  expect(() => killProcesses(new Set(members.keys()), members)).not.toThrow();
});
