import { setTimeout as sleep } from 'node:timers/promises';
import type { LeaseResponse } from '../../contracts/agent-api';
import type { ControlPlane } from '../control-plane/control-plane';
import type { Outbox } from '../outbox/outbox';
import type { Link, OpenLink, Settlement } from './link';
import { classify, isLasting, type AgentStatus } from './status';

/** Waiting times between attempts, milliseconds of real time: the network does not know a virtual clock. */
export interface RetryOptions {
  firstMs: number;
  maxMs: number;
  /** After an answer that only a person can change (revoked, second agent). */
  slowMs: number;
}

export const defaultRetry: RetryOptions = { firstMs: 250, maxMs: 30_000, slowMs: 60_000 };

export interface ConnectionOptions {
  controlPlane: ControlPlane;
  installation: string;
  outbox: Outbox;
  openLink: OpenLink;
  retry: RetryOptions;
  command(body: unknown): Promise<Settlement>;
  /** Called with every lease, before events are sent under it. */
  leased(lease: LeaseResponse): void;
  status(status: Omit<AgentStatus, 'since'>): void;
}

/**
 * Keeps the agent connected for ever: lease, receive and send, a new lease ahead of expiry, and after any failure again
 * from the lease (a restarted host may have other ports).
 */
export class Connection {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(private readonly options: ConnectionOptions) {}

  start(): void {
    this.running ??= this.keepConnected();
  }

  /** Sends what is waiting for up to `flushMs`, then disconnects. */
  async stop(flushMs: number): Promise<void> {
    const until = performance.now() + flushMs;
    while (!this.options.outbox.isEmpty && performance.now() < until) await sleep(10);
    this.stopping.abort();
    await this.running;
  }

  private async keepConnected(): Promise<void> {
    const { signal } = this.stopping;
    const { retry } = this.options;
    let delay = retry.firstMs;
    let old: Session | undefined;
    while (!signal.aborted) {
      let session: Session | undefined;
      let pause = delay;
      try {
        session = await Session.open(this.options);
        void old?.close();
        old = undefined;
        this.options.status({ state: 'connected' });
        delay = retry.firstMs;
        await session.serve(signal);
        // Renewal is due: the old session goes on receiving until the new one is open.
        old = session;
        session = undefined;
        pause = 0;
      } catch (error) {
        const status = classify(error);
        this.options.status(status);
        pause = isLasting(status.state) ? retry.slowMs : delay * (0.75 + Math.random() / 2);
        delay = Math.min(delay * 2, retry.maxMs);
        if (session) void session.close();
      }
      if (pause > 0) await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
    await old?.close();
  }
}

/** One lease and the link that it opened. */
class Session {
  private readonly broken = new AbortController();

  private constructor(
    private readonly options: ConnectionOptions,
    private readonly lease: LeaseResponse,
  ) {}

  private link: Link | undefined;

  static async open(options: ConnectionOptions): Promise<Session> {
    const lease = await options.controlPlane.lease(options.installation);
    const session = new Session(options, lease);
    session.link = await options.openLink(lease, {
      command: (body) => options.command(body),
      failed: (error) => session.broken.abort(error),
    });
    options.leased(lease);
    return session;
  }

  /** Sends until the lease has to be renewed or `stop` says so. @throws what broke the link. */
  async serve(stop: AbortSignal): Promise<void> {
    const { broken, link, lease } = this;
    const { outbox } = this.options;
    // The span between the server's two instants, so that our clock does not matter.
    const lifetimeMs = Date.parse(lease.expiresAt) - Date.parse(lease.serverTime);
    const renew = AbortSignal.timeout(
      Math.max(1_000, Math.min(Math.round((lifetimeMs * 2) / 3), 2 ** 31 - 1)),
    );
    const over = AbortSignal.any([stop, renew, broken.signal]);
    const failure = new Promise<never>((_, reject) => {
      broken.signal.addEventListener('abort', () => reject(asError(broken.signal.reason)), { once: true });
    });
    failure.catch(() => undefined);
    outbox.restart();
    let confirmed: Promise<unknown> = Promise.resolve();
    while (!over.aborted) {
      await outbox.ready(over);
      if (over.aborted) break;
      const events = outbox.batch();
      if (!link || events.length === 0) continue;
      confirmed = Promise.all([confirmed, link.send(events)]).then(() => {
        // After a failure the next session decides what goes again.
        if (!broken.signal.aborted) outbox.confirm();
      });
      confirmed.catch((error: unknown) => broken.abort(error));
    }
    await Promise.race([confirmed, failure]);
    if (broken.signal.aborted) throw asError(broken.signal.reason);
  }

  async close(): Promise<void> {
    await this.link?.close().catch(() => undefined);
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
