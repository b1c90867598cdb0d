import { SystemClock } from '../../../../local/clock';
import { createLocalHost, type HostOptions, type LocalHost } from '../../../../local/host/host';
import { openStore, type Store } from '../../../../local/store/store';
import { writeApp, type TestApp } from './apps';

const cleanUp: (() => Promise<void> | void)[] = [];

/** Call in afterEach: stops every host of the test and removes its apps. */
export async function closeHosts(): Promise<void> {
  for (const step of cleanUp.splice(0).reverse()) await step();
}

/** A host on real time and a store in memory, running an app that the test writes. */
export async function startHost(
  app: Parameters<typeof writeApp>[0] | TestApp,
  options: Partial<HostOptions> & { store?: Store } = {},
): Promise<LocalHost> {
  const written = 'root' in app ? app : writeApp(app);
  const store = options.store ?? openStore(':memory:');
  cleanUp.push(() => written.remove());
  if (!options.store) cleanUp.push(() => store.close());
  const host = await createLocalHost({
    root: written.root,
    clock: new SystemClock(),
    ...options,
    store,
  });
  cleanUp.push(() => host.stop());
  return host;
}

/** A logger that keeps what is said, as `level message`. */
export function listeningLogger(): { lines: string[]; log: NonNullable<HostOptions['log']> } {
  const lines: string[] = [];
  const at =
    (level: string) =>
    (_fields: object, message = ''): void => {
      lines.push(`${level} ${message}`);
    };
  return { lines, log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } };
}
