import type { QueueView } from '../../contracts/api-machines';
import { expectedStarts, type Expectation, type StartUnknown } from '../../domain/forecast/expected-start';
import type { QueueSnapshot } from '../../domain/run-queue/snapshot';
import { readQueue, type QueueReader } from './read-queue';
import { readSharedBots } from './shared-bots';

/** A queue for people (rows F2, F4, L2): running, then waiting in the order of execution, each with why it waits now. */
export async function readQueueView(client: QueueReader, queue: string, nowMs: number): Promise<QueueView> {
  const snapshot = await readQueue(client, queue);
  const starts = expectedStarts(snapshot, nowMs, await readSharedBots(client, queue, snapshot));
  return queueView(queue, snapshot, { nowMs, starts });
}

function queueView(
  queue: string,
  snapshot: QueueSnapshot,
  { nowMs, starts }: { nowMs: number; starts: ReadonlyMap<string, Expectation> },
): QueueView {
  const expected = (run: string): { expectedStart?: string; startUnknown?: StartUnknown } => {
    const found = starts.get(run);
    if (!found) return {};
    return 'startMs' in found ? { expectedStart: at(found.startMs) } : { startUnknown: found.unknown };
  };
  return {
    queue,
    at: at(Math.max(snapshot.atMs, nowMs)),
    change: snapshot.change,
    settings: settingsView(snapshot),
    running: snapshot.running.map((run) => ({
      ...common(run),
      machine: run.grant.machine,
      grantedAt: at(run.grantedMs),
      stopping: run.stopping,
      ...(run.paused ? { paused: { since: at(run.paused.sinceMs), by: run.paused.by } } : {}),
    })),
    waiting: snapshot.waiting.map((run) => ({
      ...common(run),
      position: run.position,
      next: run.next,
      movedToTop: run.movedToTop,
      deadline: at(run.deadlineMs),
      ...expected(run.run),
      reason: run.reason,
    })),
    machines: snapshot.machines.map(({ machine, online, maintenance, slots, runs }) => ({
      machine,
      online,
      maintenance,
      slots,
      runs,
    })),
  };
}

export function settingsView({ settings }: QueueSnapshot): QueueView['settings'] {
  const { reuseSession, strictOrder, maxEntries, maintenance } = settings;
  return { reuseSession, strictOrder, maxEntries, maintenance };
}

function common(run: QueueSnapshot['waiting'][number] | QueueSnapshot['running'][number]) {
  return {
    run: run.run,
    desktopFlow: run.flow,
    priority: run.priority,
    mode: run.mode,
    ...(run.requestedBy === undefined ? {} : { requestedBy: run.requestedBy }),
    requestedAt: at(run.requestedMs),
  };
}

function at(ms: number): string {
  return new Date(ms).toISOString();
}
