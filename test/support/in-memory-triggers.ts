import type { Ports } from '../../adapters/ports';
import type { DueRow, EventSourceRow, TriggerEntry } from '../../adapters/trigger-ports';

type TriggerPorts = Pick<Ports, 'schedules' | 'triggerHistory' | 'eventSources' | 'flowHealth'>;

/** The ports of triggers over maps. */
export function inMemoryTriggers(): TriggerPorts {
  const due = new Map<string, DueRow>();
  const last = new Map<string, string>();
  const entries = new Map<string, TriggerEntry>();
  const filtered = new Map<string, number>();
  const sources = new Map<string, EventSourceRow>();
  const health = new Map<string, { run: string; failures: number }>();
  const dueKey = ({ dueMs, schedule, flow }: DueRow): string =>
    `${String(dueMs).padStart(16, '0')}-${schedule}-${flow}`;
  const sorted = (): [string, DueRow][] => [...due].sort(([a], [b]) => (a < b ? -1 : 1));
  const entryKey = ({ atMs, id }: TriggerEntry): string => `${9_999_999_999_999 - atMs}-${id}`;
  const ofFlow = (flow: string): TriggerEntry[] =>
    [...entries.values()]
      .filter((entry) => entry.flow === flow)
      .sort((a, b) => (entryKey(a) < entryKey(b) ? -1 : 1));
  const done = (): Promise<void> => Promise.resolve();
  return {
    schedules: {
      shards: 1,
      add: (row) => {
        if (!due.has(dueKey(row))) due.set(dueKey(row), row);
        return done();
      },
      wait: (row) => {
        due.set(dueKey(row), { ...row, waiting: true });
        return done();
      },
      remove: (row) => {
        due.delete(dueKey(row));
        return done();
      },
      due: ({ nowMs, top, after }) =>
        Promise.resolve(
          sorted()
            .filter(([key, row]) => row.dueMs <= nowMs && (!after || key > dueKey(after)))
            .slice(0, top)
            .map(([, row]) => row),
        ),
      lastRun: (flow) => Promise.resolve(last.get(flow)),
      setLastRun: (flow, run) => {
        last.set(flow, run);
        return done();
      },
    },
    triggerHistory: {
      record: (entry) => {
        entries.set(`${entry.flow}/${entryKey(entry)}`, entry);
        return done();
      },
      list: (flow, { top, continuation = '' }) => {
        const page = ofFlow(flow)
          .filter((entry) => entryKey(entry) > continuation)
          .slice(0, top);
        const end = page.at(-1);
        return Promise.resolve(
          page.length === top && end ? { entries: page, continuation: entryKey(end) } : { entries: page },
        );
      },
      addFiltered: (flow, count) => {
        filtered.set(flow, (filtered.get(flow) ?? 0) + count);
        return done();
      },
      filtered: (flow) => Promise.resolve(filtered.get(flow) ?? 0),
      prune: (flow, beforeMs, top) => {
        const old = ofFlow(flow)
          .filter(({ atMs }) => atMs < beforeMs)
          .slice(0, top);
        for (const entry of old) entries.delete(`${flow}/${entryKey(entry)}`);
        return Promise.resolve(old.length);
      },
    },
    eventSources: {
      put: (source) => {
        sources.set(source.name, source);
        return done();
      },
      get: (name) => Promise.resolve(sources.get(name)),
      list: () => Promise.resolve([...sources.values()]),
      remove: (name) => {
        sources.delete(name);
        return done();
      },
    },
    flowHealth: {
      ended: (flow, run, failed) => {
        const known = health.get(flow) ?? { run: '', failures: 0 };
        const failures = failed ? known.failures + 1 : 0;
        if (known.run !== run) health.set(flow, { run, failures });
        return Promise.resolve(known.run === run ? known.failures : failures);
      },
      reset: (flow) => {
        health.delete(flow);
        return done();
      },
    },
  };
}
