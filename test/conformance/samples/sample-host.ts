import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VirtualClock } from '../../../local/clock';
import { createLocalHost, type LocalHost } from '../../../local/host/host';
import { openStore } from '../../../local/store/store';
import { listeningLogger } from '../../local/host/support/hosts';

/** Body of a status query. */
export interface Status {
  instanceId: string;
  runtimeStatus: string;
  output: unknown;
  customStatus: unknown;
}

export interface SampleHost {
  name: string;
  host: LocalHost;
  lines: string[];
  close(): Promise<void>;
}

/** Starts one of the sample apps as it is, on the virtual clock. @throws Error when it was not installed or built */
export async function startSamples(folder: string, app: string): Promise<SampleHost> {
  const root = join(folder, app);
  const isBuilt = app === 'samples-js' || existsSync(join(root, 'dist'));
  if (!existsSync(join(root, 'node_modules')) || !isBuilt) {
    throw new Error(
      `${root} is not ready. Run \`npm ci && ${isBuilt ? '' : 'npm run build && '}npm update durable-functions\` there, or name another checkout.`,
    );
  }
  const { lines, log } = listeningLogger();
  const store = openStore(':memory:');
  const host = await createLocalHost({ root, store, clock: new VirtualClock(), log });
  return {
    name: app,
    host,
    lines,
    close: async () => {
      await host.stop();
      await store.close();
    },
  };
}

/** Starts an orchestration through the sample's own HTTP function, lets `seconds` pass and asks the URL it answered with. */
export async function run({ host }: SampleHost, name: string, input: unknown, seconds = 0): Promise<Status> {
  const started = await fetch(`${host.url}/api/orchestrators/${name}`, {
    method: 'POST',
    body: JSON.stringify(input),
  });
  expect(started.status).toBe(202);
  const { statusQueryGetUri } = (await started.json()) as { statusQueryGetUri: string };
  await host.runUntilIdle();
  if (seconds > 0) await host.advance({ seconds });
  return (await (await fetch(statusQueryGetUri)).json()) as Status;
}
