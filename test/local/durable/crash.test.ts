import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { VirtualClock } from '../../../local/clock';
import { createEngine } from '../../../local/durable/engine';
import type { DurableEngine } from '../../../local/durable/engine-api';
import { openStore, type Store } from '../../../local/store/store';
import { AppInvoker, FakeCore } from './support/app';
import { EVENTS, registerCrashApp } from './support/crash-app';

const INSTANCES = 40;
const KILLS = 6;

/** The host under test as a process that can be killed; remembers which commands were answered for. */
class Victim {
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly waiting = new Map<number, (result: string) => void>();
  private n = 0;
  readonly ready: Promise<void>;
  readonly gone: Promise<void>;

  constructor(folder: string) {
    this.process = spawn(process.execPath, [
      '--require',
      join(__dirname, '..', '..', 'support', 'run-ts.cjs'),
      join(__dirname, 'support', 'crash-child.ts'),
      join(folder, 'store.db'),
      join(folder, 'journal'),
    ]);
    this.gone = new Promise((resolve) => this.process.once('exit', () => resolve()));
    this.process.stdin.on('error', () => undefined);
    this.process.stderr.pipe(process.stderr);
    const lines = createInterface({ input: this.process.stdout });
    this.ready = new Promise((resolve, reject) => {
      void this.gone.then(() => reject(new Error('The child ended before it was ready.')));
      lines.on('line', (line) => {
        if (line === 'ready') return resolve();
        const [, n, ...rest] = line.split(' ');
        this.waiting.get(Number(n))?.(rest.join(' '));
      });
    });
  }

  /** @returns whether the command was accepted and answered for before the process died. */
  ask(command: Record<string, unknown>): Promise<boolean> {
    const n = this.n++;
    const answered = new Promise<boolean>((resolve) =>
      this.waiting.set(n, (result) => resolve(result !== '"notFound"')),
    );
    this.process.stdin.write(`${JSON.stringify({ n, ...command })}\n`);
    return Promise.race([answered, this.gone.then(() => false)]);
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.gone;
  }
}

interface Command {
  command: string;
  id?: string;
  name?: string;
  input?: string;
}

function commands(): Command[] {
  const list: Command[] = [];
  for (let i = 0; i < INSTANCES; i++) {
    list.push({ command: 'start', name: 'load', id: `i${i}`, input: '""' });
    for (let event = 0; event < EVENTS; event++) {
      list.push({ command: 'raise', id: `i${i}`, name: 'go', input: JSON.stringify(`i${i}-${event}`) });
      list.push({ command: 'signal', input: '1' });
    }
  }
  return list;
}

const core = new FakeCore();
jest.mock('@azure/functions-core', () => core.api, { virtual: true });
const journal: string[] = [];
beforeAll(async () => registerCrashApp(await import('durable-functions'), (line) => journal.push(line)));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'crash-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('killed at random moments, it loses nothing that it answered for and does nothing twice', async () => {
  const todo = commands();
  const answered: Command[] = [];
  const uncertain: Command[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const victim = new Victim(folder);
    await victim.ready;
    const share = todo.splice(0, kill === KILLS - 1 ? todo.length : Math.ceil(todo.length / (KILLS - kill)));
    const sending = (async () => {
      for (const command of share) ((await victim.ask({ ...command })) ? answered : uncertain).push(command);
    })();
    // The moment of the kill is what varies.
    await new Promise((resolve) => setTimeout(resolve, 30 + Math.random() * 200));
    await victim.kill();
    await sending;
  }

  const clock = new VirtualClock(Date.now());
  const store = openStore(join(folder, 'store.db'));
  const engine = createEngine({ store, clock });
  for (const { command, id = '', name = '', input } of answered) {
    if (command === 'start') expect(await engine.get(id)).toMatchObject({ name });
    if (command === 'raise') expect(await raisedOf(engine, store, id)).toContain(input);
  }
  // What was not answered for is sent again where it is missing, as a client would after looking.
  for (const { command, id = '', name = '', input } of uncertain) {
    if (command === 'start') await engine.start({ name, instanceId: id, input });
    if (command === 'raise' && !(await raisedOf(engine, store, id)).includes(input ?? '')) {
      expect(await engine.raiseEvent(id, name, input)).toBe('accepted');
    }
  }
  engine.run(new AppInvoker(core, false));
  await clock.advanceTo(clock.now() + 60_000, () => engine.idle());

  for (let i = 0; i < INSTANCES; i++) {
    const state = await engine.get(`i${i}`);
    expect(state?.runtimeStatus).toBe('Completed');
    const output = JSON.parse(state?.output ?? '{}') as { seen: string[]; alone: boolean };
    expect(output.alone).toBe(true);
    expect([...output.seen].sort()).toEqual([`i${i}-0`, `i${i}-1`, `i${i}-2`]);
  }
  const counter = async (key: string) => Number((await engine.readEntity('counter', key))?.state);
  expect(await counter('total')).toBe(INSTANCES * EVENTS * 2);
  expect(await counter('shared')).toBe(INSTANCES);
  const signals = (list: Command[]) => list.filter(({ command }) => command === 'signal').length;
  expect(await counter('signals')).toBeGreaterThanOrEqual(signals(answered));
  expect(await counter('signals')).toBeLessThanOrEqual(signals(answered) + signals(uncertain));
  for (const table of ['d_message', 'd_activity', 'd_timer', 'd_instance WHERE locked_by IS NOT NULL']) {
    expect(store.prepare(`SELECT count(*) AS n FROM ${table}`).get()).toEqual({ n: 0 });
  }
  const notes = new Set(
    `${journal.join('\n')}\n${readFileSync(join(folder, 'journal'), 'utf8')}`.split('\n'),
  );
  for (let i = 0; i < INSTANCES; i++) {
    for (const note of [`i${i}/0`, `i${i}/1`, `i${i}/2`, `i${i}-child`]) expect(notes).toContain(note);
  }
  await engine.stop();
  await store.close();
}, 60_000);

/** The inputs of the events that the store holds for an instance, seen or waiting. */
async function raisedOf(engine: DurableEngine, store: Store, id: string): Promise<string[]> {
  const state = await engine.get(id, { history: true });
  const seen = (state?.history ?? []).filter((event) => event['EventType'] === 'EventRaised');
  const waiting = store
    .prepare('SELECT body FROM d_message WHERE instance = (SELECT seq FROM d_instance WHERE id = ?)')
    .all(id)
    .map((row) => (JSON.parse(String(row['body'])) as { event: Record<string, unknown> }).event);
  return [...seen, ...waiting].map((event) => String(event['Input']));
}
