import type { Clock } from '../clock';
import { hearDeclarations, offerServices, type InProcessService } from './in-process';

/** What the process's environment is completed with while one app runs. */
export interface AppEnvironment {
  /** Activities and Service Bus functions that the app declared to have no effect outside of the services offered to it. */
  readonly inside: ReadonlySet<string>;
  /** Lets the app reach services of this process without a socket, by origin. */
  offer(services: ReadonlyMap<string, InProcessService>): void;
  /** Puts back what was there before. */
  leave(): void;
}

/** Where an app finds the host's clock, so that its own reading of time is skipped with the host's. */
const NOW = Symbol.for('functions-host.now');

/**
 * Sets what the real host and the Core Tools set: the app's settings, and the names by which SDKs know that they run in a host.
 * The environment belongs to the whole process, so of several hosts at once the latest wins.
 */
export function enterEnvironment(options: {
  /** Node's own process object, which the app sees too. */
  process: NodeJS.Process;
  settings: Record<string, string>;
  /** host:port of the public port. */
  hostname: string;
  root: string;
  clock: Clock;
}): AppEnvironment {
  const { process, settings, hostname, root, clock } = options;
  const { env } = process;
  const values: Record<string, string> = {
    FUNCTIONS_WORKER_RUNTIME: 'node',
    AZURE_FUNCTIONS_ENVIRONMENT: env['AZURE_FUNCTIONS_ENVIRONMENT'] ?? 'Development',
    ...settings,
    WEBSITE_HOSTNAME: hostname,
    AzureWebJobsScriptRoot: root,
  };
  const before = Object.keys(values).map((name) => [name, env[name]] as const);
  Object.assign(env, values);
  const now = (): number => clock.now();
  Reflect.set(process, NOW, now);
  let takeBack: (() => void) | undefined;
  const declarations = hearDeclarations(process);
  return {
    inside: declarations.declared,
    offer(services) {
      takeBack = offerServices(process, services);
    },
    leave() {
      takeBack?.();
      declarations.leave();
      if (Reflect.get(process, NOW) === now) Reflect.deleteProperty(process, NOW);
      for (const [name, value] of before) {
        if (env[name] !== values[name]) continue;
        if (value === undefined) delete env[name];
        else env[name] = value;
      }
    },
  };
}
