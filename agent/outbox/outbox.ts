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
/** Batches that may be on their way at once: the end of a run need not wait until its start has been heard. */
const MOST_UNDER_WAY = 4;
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

interface Sent {
  pending: Pending;
  envelope: AgentEventEnvelope;
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
  /** Batches that the broker has not accepted yet, oldest first. */
  private underWay: Sent[][] = [];
  /** What a connection that broke had not brought there: the same envelopes go again, before all others. */
  private again: Sent[] = [];
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

  /** The events to send now, signed, behind those that are on their way. */
  batch(): AgentEventEnvelope[] {
    // What is worth sending of live events is decided when nothing is on its way.
    if (this.underWay.length === 0 && this.fixed.length < BATCH_EVENTS) this.collectLive();
    const batch: Sent[] = [];
    let chars = 0;
    while (batch.length < BATCH_EVENTS) {
      const next = this.again[0] ?? this.fixed[0];
      if (!next) break;
      chars += ('pending' in next ? next.pending : next).body.length;
      if (batch.length > 0 && chars > BATCH_CHARS) break;
      if ('pending' in next) this.again.shift();
      else this.fixed.shift();
      batch.push('pending' in next ? next : { pending: next, envelope: this.sign(next) });
    }
    if (batch.length > 0) this.underWay.push(batch);
    return batch.map(({ envelope }) => envelope);
  }

  /** The broker has accepted the oldest batch that is on its way. */
  confirm(): void {
    const batch = this.underWay.shift() ?? [];
    const last = batch.findLast(({ pending }) => pending.id !== undefined)?.pending.id;
    if (last !== undefined) this.options.journal.note({ k: 'sent', id: last });
    this.wake?.();
  }

  /** The connection is a new one: what was on its way goes again. */
  restart(): void {
    this.again = [...this.underWay.flat(), ...this.again];
    this.underWay = [];
  }

  get isEmpty(): boolean {
    return this.underWay.length + this.again.length + this.fixed.length === 0 && !this.hasLive;
  }

  private get hasNext(): boolean {
    if (this.underWay.length >= MOST_UNDER_WAY) return false;
    return this.again.length + this.fixed.length > 0 || (this.underWay.length === 0 && this.hasLive);
  }

  private get hasLive(): boolean {
    return (
      this.progress.size > 0 ||
      this.heartbeat !== undefined ||
      [...this.logs.values()].some((log) => !log.buffer.isEmpty)
    );
  }

  /** @returns when there is something to send. */
  async ready(signal: AbortSignal): Promise<void> {
    if (this.hasNext || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        if (!this.hasNext && !signal.aborted) return;
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
