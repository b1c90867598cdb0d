import type { Clock } from '../clock';
import type { Inside } from '../broker/inside';
import type { DurableEngine } from '../durable/engine-api';
import type { Store } from '../store/store';
import type { HostLogger } from './host-log';
import type { InProcessService } from './in-process';
import type { HostKeys } from './keys';
import type { SignIn } from './sign-in';
import type { Duration } from './time-span';

export interface HostOptions {
  /** Folder of the app: package.json with `main`, host.json, local.settings.json. */
  root: string;
  /** File or glob to load instead of what package.json names. */
  main?: string;
  store: Store;
  clock: Clock;
  /** 0 (default) takes any free port. */
  httpPort?: number;
  /** 127.0.0.1 by default. */
  listenHost?: string;
  /** Port of the SDK's endpoint, always on loopback; 0 (default) takes any free one. */
  rpcPort?: number;
  /** Settings that win over the environment and local.settings.json. */
  settings?: Record<string, string>;
  /** Keys to use; or the file that keeps them, made on the first start. Neither: new ones for this run. */
  keys?: HostKeys;
  keysFile?: string;
  /** Whether keys are asked for. Off by default, as with `func start`. */
  authEnabled?: boolean;
  /** Whose the keys are: the host plays the part of App Service authentication then. Without it, the app learns nothing of its callers. */
  signIn?: SignIn;
  log?: HostLogger;
  /**
   * Services on the same store that the app reaches without a socket, by origin. Given this, the Durable client's endpoint is reached
   * that way, too, and answers wait for the disk. The Service Bus must then be the broker on that store: it lets nothing out that the
   * disk does not have.
   */
  inProcess?: ReadonlyMap<string, InProcessService>;
  /**
   * The queues of a broker on the same store. Functions that a single message triggers receive from it without AMQP, and so sends an app
   * that asks for the service at its endpoint. Batches and outputs go over AMQP.
   */
  serviceBus?: Inside;
}

export interface LocalHost {
  /** Without trailing slash. */
  url: string;
  /** The SDK's endpoint, with trailing slash. */
  rpcUrl: string;
  engine: DurableEngine;
  keys: HostKeys;
  /**
   * Moves a VirtualClock on; every timer on the way fires at its instant and its work is done before the next.
   * @throws HostError `ClockNotVirtual`
   */
  advance(duration: Duration): Promise<void>;
  /** Resolves when engine and triggers have nothing to do now. Does not wait for HTTP requests in flight. */
  runUntilIdle(): Promise<void>;
  /** Stops listening, lets what runs end, stops the engine. */
  stop(): Promise<void>;
}
