import { resolve } from 'node:path';
import { VirtualClock } from '../../../local/clock';
import { createLocalHost, type LocalHost } from '../../../local/host/host';
import { openStore } from '../../../local/store/store';

interface Status {
  name: string;
  runtimeStatus: string;
  input: unknown;
  output: unknown;
  customStatus: unknown;
}

/** The app in test/fixtures/patterns-app on a virtual clock, driven through HTTP alone. */
export interface PatternsHost {
  host: LocalHost;
  clock: VirtualClock;
  post(path: string, body?: unknown): Promise<Response>;
  /** Starts an orchestration and lets it do what it can without time passing. @returns its id */
  start(name: string, input?: unknown, path?: string): Promise<string>;
  status(id: string, query?: string): Promise<Status>;
  /** The output of an instance that has completed. */
  output(id: string): Promise<unknown>;
  /** Starts and gives the output. */
  outcome(name: string, input?: unknown): Promise<unknown>;
  raise(id: string, event: string, value?: unknown): Promise<Response>;
  advance(seconds: number): Promise<void>;
  close(): Promise<void>;
}

export async function startPatterns(): Promise<PatternsHost> {
  const store = openStore(':memory:');
  const clock = new VirtualClock();
  const root = resolve(__dirname, '../../fixtures/patterns-app');
  const host = await createLocalHost({ root, store, clock });
  const instances = `${host.url}/runtime/webhooks/durabletask/instances`;

  const app: PatternsHost = {
    host,
    clock,
    post: (path, body) =>
      fetch(`${host.url}/api/${path}`, {
        method: 'POST',
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    async start(name, input, path = `start/${name}`) {
      const { id } = (await (await app.post(path, input)).json()) as { id: string };
      await host.runUntilIdle();
      return id;
    },
    status: async (id, query = '') => (await (await fetch(`${instances}/${id}${query}`)).json()) as Status,
    async output(id) {
      const { runtimeStatus, output } = await app.status(id);
      expect(runtimeStatus).toBe('Completed');
      return output;
    },
    outcome: async (name, input) => app.output(await app.start(name, input)),
    async raise(id, event, value = null) {
      const answer = await fetch(`${instances}/${id}/raiseEvent/${event}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(value),
      });
      await host.runUntilIdle();
      return answer;
    },
    advance: (seconds) => host.advance({ seconds }),
    async close() {
      await host.stop();
      await store.close();
    },
  };
  return app;
}
