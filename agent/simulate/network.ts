import { AgentError } from '../errors';
import type { OpenLink } from '../link/link';

/** The network cable of one simulated machine: every way to the control plane goes through it. */
export class Network {
  private readonly cut = new Set<() => void>();
  private powered = true;

  constructor(
    private readonly openLink: OpenLink,
    private state: 'up' | 'down' = 'up',
  ) {}

  readonly fetch: typeof fetch = async (...request) => {
    if (!this.works) throw unreachable();
    return fetch(...request);
  };

  readonly open: OpenLink = async (lease, handlers) => {
    if (!this.works) throw unreachable();
    let broken = false;
    const fail = (error: unknown): void => {
      this.cut.delete(breakOff);
      if (broken) return;
      broken = true;
      handlers.failed(error);
    };
    const link = await this.openLink(lease, {
      // What arrives in the moment of the break is given back, and comes again.
      command: (body) => (broken ? Promise.reject(unreachable()) : handlers.command(body)),
      failed: fail,
    });
    const breakOff = (): void => fail(unreachable());
    this.cut.add(breakOff);
    return {
      send: (events) => (broken ? Promise.reject(unreachable()) : link.send(events)),
      close: () => {
        this.cut.delete(breakOff);
        return link.close();
      },
    };
  };

  down(): void {
    this.state = 'down';
    this.breakLinks();
  }

  up(): void {
    this.state = 'up';
  }

  /** The machine at this end loses its power: nothing it still has to say gets out. */
  powerOff(): void {
    this.powered = false;
    this.breakLinks();
  }

  powerOn(): void {
    this.powered = true;
  }

  private get works(): boolean {
    return this.powered && this.state === 'up';
  }

  private breakLinks(): void {
    for (const breakOff of this.cut) breakOff();
  }
}

function unreachable(): AgentError {
  return new AgentError('HostUnreachable', 'The simulated network is down.');
}
