import type { AgentCommand, AgentEventEnvelope } from '../../../contracts/agent-protocol';
import type { LinkHandlers, OpenLink, Settlement } from '../../../agent/link/link';

/** A broker in memory: one command queue, one event queue, both observable. */
export class MemoryBroker {
  readonly events: AgentEventEnvelope[] = [];
  /** Set to make sending fail as a lost connection does. */
  down = false;
  /** Set to have what is sent arrive without being confirmed before this is resolved. */
  unconfirmed: Promise<void> | undefined;
  private handlers: LinkHandlers | undefined;
  private readonly watchers = new Set<() => void>();

  readonly open: OpenLink = async (_lease, handlers) => {
    if (this.down) throw new Error('connect ECONNREFUSED');
    this.handlers = handlers;
    this.changed();
    return {
      send: async (events) => {
        if (this.down) throw new Error('the connection was closed');
        this.events.push(...events);
        this.changed();
        await this.unconfirmed;
      },
      close: async () => undefined,
    };
  };

  async command(command: AgentCommand | Record<string, unknown>): Promise<Settlement> {
    await this.until(() => this.handlers !== undefined);
    return (this.handlers as LinkHandlers).command(command);
  }

  /** The connection breaks. */
  break(): void {
    const { handlers } = this;
    this.handlers = undefined;
    handlers?.failed(new Error('read ECONNRESET'));
  }

  /** @returns when the condition holds; it is looked at after every change. */
  async until(condition: () => boolean, timeoutMs = 60_000): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.watchers.delete(look);
        const seen = this.events.map((event) => event.kind).join(' ');
        reject(new Error(`not within ${timeoutMs} ms; events: ${seen}`));
      }, timeoutMs);
      const look = (): void => {
        if (!condition()) return;
        clearTimeout(timer);
        this.watchers.delete(look);
        resolve();
      };
      this.watchers.add(look);
    });
  }

  of(run: string): AgentEventEnvelope[] {
    return this.events.filter((event) => event.run === run);
  }

  kinds(run: string): string[] {
    return this.of(run).map((event) => event.kind);
  }

  /** Waits for an event of the run and returns its body. */
  async event(run: string, kind: string): Promise<Record<string, unknown>> {
    await this.until(() => this.kinds(run).includes(kind));
    const found = this.of(run).find((event) => event.kind === kind);
    return JSON.parse(found?.body ?? '{}') as Record<string, unknown>;
  }

  private changed(): void {
    for (const watcher of this.watchers) watcher();
  }
}
