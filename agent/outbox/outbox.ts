import type {
  AgentEventBody,
  AgentEventEnvelope,
  AgentEventKind,
  LogLine,
} from '../../contracts/agent-protocol';
import type { Fence } from '../../contracts/ids';
import type { Signer } from '../identity/keys';
import type { Journal } from '../journal/journal';
import { LogBuffer } from './log-buffer';

/** Sequence numbers are reserved on disk in blocks, so that they rise over restarts without a write for each event. */
const SEQ_BLOCK = 1_000_000;
const BATCH_EVENTS = 50;
/** Service Bus takes 256 KB a message; a batch counts as one. */
const BATCH_CHARS = 180_000;
/** Small live events (paused, resumed …) that may wait; older ones are dropped beyond. */
const MAX_LIVE = 1_000;

interface Pending {
  kind: AgentEventKind;
  run?: string | undefined;
  fence?: Fence | undefined;
  time: string;
  body: string;
  /** Id in the journal. */
  id?: number;
}

export interface OutboxOptions {
  journal: Journal;
  signer: Signer;
  machine: string;
  epoch: number;
  /** ISO instant, corrected to the control plane's clock. */
  time: () => string;
}

/**
 * Events on their way out, in order, each sent until the broker has accepted it. Journaled events are never dropped; live
 * ones (heartbeat, progress, log) keep only what is worth sending when the connection comes back.
 */
export class Outbox {
  private readonly fixed: Pending[] = [];
  private readonly progress = new Map<string, Pending>();
  private readonly logs = new Map<string, { fence: Fence; buffer: LogBuffer }>();
  private heartbeat: Pending | undefined;
  private inFlight: { pending: Pending; envelope: AgentEventEnvelope }[] = [];
  private nextSeq: number;
  private wake: (() => void) | undefined;

  constructor(private readonly options: OutboxOptions) {
    this.nextSeq = options.journal.state.seqBelow;
    for (const id of options.journal.state.unsent.keys()) this.journaled(id);
  }

  /** Queues an event that is on disk. Live events of its run go before it. */
  journaled(id: number): void {
    const event = this.options.journal.state.unsent.get(id);
    if (!event) return;
    if (event.kind === 'done') this.flushRun(event.run);
    const entry = this.options.journal.state.runs.get(event.run);
    const body = event.body ?? JSON.stringify(entry?.state === 'done' ? entry.body : {});
    this.push({ id, kind: event.kind, run: event.run, fence: event.fence, time: event.time, body });
  }

  /** Queues an event that is not on disk: lost when the process ends before it is sent. */
  live<K extends AgentEventKind>(
    kind: K,
    body: AgentEventBody<K>,
    of: { run?: string; fence?: Fence } = {},
  ): void {
    const pending = this.pending(kind, body, of);
    if (kind === 'heartbeat') {
      this.heartbeat = pending;
      this.wake?.();
      return;
    }
    const liveOnes = this.fixed.filter((other) => other.id === undefined);
    const oldest = liveOnes[0];
    if (liveOnes.length >= MAX_LIVE && oldest) this.fixed.splice(this.fixed.indexOf(oldest), 1);
    this.push(pending);
  }

  /** The newest progress of a run replaces one that is still unsent. */
  setProgress(run: string, fence: Fence, body: AgentEventBody<'progress'>): void {
    this.progress.set(run, this.pending('progress', body, { run, fence }));
    this.wake?.();
  }

  addLog(run: string, fence: Fence, lines: LogLine[], dropped: number): void {
    const log = this.logs.get(run) ?? { fence, buffer: new LogBuffer() };
    this.logs.set(run, log);
    log.buffer.add(lines, dropped);
    this.wake?.();
  }

  /** The events to send now, signed; the same ones again until `confirm`. */
  batch(): AgentEventEnvelope[] {
    if (this.inFlight.length === 0) {
      if (this.fixed.length < BATCH_EVENTS) this.collectLive();
      let chars = 0;
      while (this.inFlight.length < BATCH_EVENTS && this.fixed[0]) {
        chars += this.fixed[0].body.length;
        if (this.inFlight.length > 0 && chars > BATCH_CHARS) break;
        const pending = this.fixed[0];
        this.fixed.shift();
        this.inFlight.push({ pending, envelope: this.sign(pending) });
      }
    }
    return this.inFlight.map((item) => item.envelope);
  }

  /** The broker has accepted the events of the last `batch`. */
  confirm(): void {
    const last = this.inFlight.findLast((item) => item.pending.id !== undefined)?.pending.id;
    this.inFlight = [];
    if (last !== undefined) this.options.journal.note({ k: 'sent', id: last });
  }

  get isEmpty(): boolean {
    return (
      this.inFlight.length + this.fixed.length + this.progress.size === 0 &&
      !this.heartbeat &&
      [...this.logs.values()].every((log) => log.buffer.isEmpty)
    );
  }

  /** @returns when there is something to send. */
  async ready(signal: AbortSignal): Promise<void> {
    if (!this.isEmpty || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        this.wake = undefined;
        resolve();
      };
      this.wake = done;
      signal.addEventListener('abort', done);
    });
  }

  private pending(kind: AgentEventKind, body: unknown, of: { run?: string; fence?: Fence }): Pending {
    return { kind, ...of, time: this.options.time(), body: JSON.stringify(body) };
  }

  private push(pending: Pending): void {
    this.fixed.push(pending);
    this.wake?.();
  }

  private collectLive(): void {
    if (this.heartbeat) this.fixed.push(this.heartbeat);
    this.heartbeat = undefined;
    this.fixed.push(...this.progress.values());
    this.progress.clear();
    for (const [run, { fence, buffer }] of this.logs) {
      const body = buffer.take();
      if (body) this.fixed.push(this.pending('log', body, { run, fence }));
    }
  }

  private flushRun(run: string): void {
    const progress = this.progress.get(run);
    if (progress) this.push(progress);
    this.progress.delete(run);
    const log = this.logs.get(run);
    for (let body = log?.buffer.take(); body; body = log?.buffer.take()) {
      this.push(this.pending('log', body, { run, ...(log ? { fence: log.fence } : {}) }));
    }
    this.logs.delete(run);
  }

  private sign(pending: Pending): AgentEventEnvelope {
    const { journal, signer, machine, epoch } = this.options;
    if (this.nextSeq + SEQ_BLOCK / 2 >= journal.state.seqBelow) {
      void journal.append([{ k: 'seq', below: this.nextSeq + SEQ_BLOCK }]);
    }
    const { kind, run, fence, time, body } = pending;
    return signer.event({
      v: 1,
      machine,
      epoch,
      seq: this.nextSeq++,
      time,
      kind,
      ...(run ? { run } : {}),
      ...(fence ? { fence } : {}),
      body,
    });
  }
}
