import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '../local/clock';
import { createEngine } from '../local/durable/engine';
import type { DurableEngine, FunctionInvoker } from '../local/durable/engine-api';
import { openStore, type Store } from '../local/store/store';
import { round } from './measures';

/**
 * What finished instances cost: opens stores that hold 1,000 and 1,000,000 of them, and runs the same orchestrations on each.
 * `npm run bench:store`; needs a gigabyte of disk.
 */
const SIZES = [1_000, 1_000_000];
const PASSES = 5;
const RUNS = 400;
const STEPS = 5;
const COMPLETED = 3;
const TASK_COMPLETED = 5;
const EPISODES = 4;
const HISTORY = JSON.stringify([
  { EventType: 12, EventId: -1, IsPlayed: false, Timestamp: '2026-01-01T00:00:00Z' },
]);

/** Stands for the SDK, so that the engine alone is measured: five activities, one after the other. */
const invoker: FunctionInvoker = {
  names: (kind) => (kind === 'entity' ? [] : ['step']),
  orchestration: (_name, _id, payload) => {
    const done = payload.history.filter(({ EventType: type }) => type === TASK_COMPLETED).length;
    const calls = Array.from({ length: Math.min(done + 1, STEPS) }, () => ({
      actionType: 0,
      functionName: 'step',
      input: 'null',
    }));
    const value = { isDone: done === STEPS, actions: [calls], output: null, schemaVersion: 3 };
    return Promise.resolve({ ok: true, value });
  },
  activity: () => Promise.resolve({ ok: true, value: null }),
  entity: () => Promise.resolve({ ok: false, message: 'none' }),
};

function open(path: string): { store: Store; engine: DurableEngine } {
  const store = openStore(path);
  return { store, engine: createEngine({ store, clock: new SystemClock() }) };
}

/** Puts ended instances into the store as the engine would have left them. */
async function seed(path: string, count: number): Promise<void> {
  const { store, engine } = open(path);
  const instance = store.prepare(
    `INSERT INTO d_instance (seq, id, kind, name, execution_id, status, created_ms, updated_ms, episodes, output)
     VALUES (?1, ?2, 0, 'step', ?2, ${COMPLETED}, ?3, ?3, ${EPISODES}, 'null')`,
  );
  const input = store.prepare('INSERT INTO d_input (seq, input) VALUES (?, ?)');
  const history = store.prepare('INSERT INTO d_history VALUES (?, ?)');
  for (let from = 1; from <= count; from += 10_000) {
    store.write(() => {
      for (let seq = from; seq < Math.min(from + 10_000, count + 1); seq++) {
        instance.run(seq, `seed-${seq.toString(36).padStart(8, '0')}`, 1_700_000_000_000 + seq);
        input.run(seq, 'null');
        for (let episode = 0; episode < EPISODES; episode++) history.run(seq * 2 ** 20 + episode, HISTORY);
      }
    });
    await store.durable();
  }
  await engine.stop();
  await store.close();
}

/** Microseconds of this process's CPU for one step (an episode with its activity). */
async function cpuPerStep(engine: DurableEngine, pass: number): Promise<number> {
  const before = process.cpuUsage();
  await Promise.all(
    Array.from({ length: RUNS }, (_, i) => engine.start({ name: 'step', instanceId: `run-${pass}-${i}` })),
  );
  await engine.idle();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (RUNS * (STEPS + 1));
}

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'attendant-bench-store-'));
  try {
    for (const size of SIZES) await seed(join(dir, `${size}.db`), size);
    const opened = SIZES.map((size) => {
      const begin = performance.now();
      const parts = open(join(dir, `${size}.db`));
      parts.engine.run(invoker);
      return { size, startMs: performance.now() - begin, ...parts, perStep: [] as number[] };
    });
    // In turns, so that a busy computer bears on all alike.
    for (let pass = -1; pass < PASSES; pass++) {
      for (const each of opened) {
        const cost = await cpuPerStep(each.engine, pass);
        if (pass >= 0) each.perStep.push(cost);
      }
    }
    const results = opened.map(({ size, startMs, perStep }) => ({
      finished_instances: size,
      start_ms: round(startMs, 0),
      cpu_us_per_step: round(perStep.sort((a, b) => a - b)[PASSES >> 1] ?? Number.NaN, 0),
    }));
    for (const { finished_instances: size, start_ms: ms, cpu_us_per_step: us } of results)
      console.log(`${size} finished instances: start ${ms} ms, ${us} µs of CPU a step`);
    console.log(JSON.stringify(results));
    for (const { engine, store } of opened) {
      await engine.stop();
      await store.close();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

main().catch((cause: unknown) => {
  console.error(cause);
  process.exit(1);
});
