import type { Clock } from '../clock';
import type { Store } from '../store/store';
import { entityInstanceId, entityOf, type RequestMessage } from './entity-message';
import type { RuntimeStatus } from './engine-api';
import { newGuid, newPlainGuid } from './guid';
import { executionStarted, type HistoryEvent, type ParentInstance } from './history';
import { ENTITY, ORCHESTRATION, Instances, type InstanceRow } from './instances';
import { Mail, type Message, type MessageBody } from './mail';
import type { EngineSettings } from './settings';
import { isOpen } from './statuses';

/** A line for the host's log. */
export type Log = (level: 'information' | 'warning' | 'error', message: string) => void;

export interface NewInstance {
  id: string;
  name: string;
  input: string | null;
  version: string | null;
  parent: ParentInstance | null;
  executionId?: string;
}

/** A scheduled activity, as its row has it. */
export interface ActivityTask {
  seq: number;
  instance: number;
  instanceId: string;
  executionId: string;
  taskId: number;
  name: string;
  input: string | undefined;
}

/** What the parts of the engine wake when a transaction has succeeded. */
export interface Wake {
  instance(seq: number): void;
  activity(task: ActivityTask): void;
  timer(dueMs: number): void;
  /** The instance is gone or has been replaced. */
  forget(seq: number): void;
}

/**
 * The transactions every part of the engine writes through. Changes of memory that follow from a write wait until the
 * write has succeeded, so that memory never knows more than the store.
 */
export class Hub {
  readonly instances: Instances;
  readonly mail: Mail;
  private effects: (() => void)[] | undefined;
  private nextActivity: number;
  private nextTimer: number;

  constructor(
    readonly store: Store,
    readonly clock: Clock,
    readonly settings: EngineSettings,
    readonly log: Log,
    private readonly wake: Wake,
  ) {
    this.instances = new Instances(store);
    this.mail = new Mail(store);
    this.nextActivity = this.lastSeq('d_activity') + 1;
    this.nextTimer = this.lastSeq('d_timer') + 1;
  }

  /** All or nothing; the effects of `after` follow a success only. */
  transaction<T>(work: () => T): T {
    if (this.effects) return work();
    const effects: (() => void)[] = [];
    this.effects = effects;
    let result: T;
    try {
      result = this.store.write(work);
    } catch (cause) {
      this.instances.forgetAll();
      throw cause;
    } finally {
      this.effects = undefined;
    }
    for (const effect of effects) effect();
    return result;
  }

  after(effect: () => void): void {
    if (this.effects) this.effects.push(effect);
    else effect();
  }

  deliver(instance: number, body: MessageBody): void {
    const message = this.mail.insert(instance, body);
    this.after(() => {
      this.mail.add(instance, message);
      this.wake.instance(instance);
    });
  }

  /** For an instance by its id; dropped when it is unknown or has ended. */
  deliverEvent(instanceId: string, event: HistoryEvent, executionId: string | undefined): void {
    const row = this.instances.find(instanceId);
    if (!row || row.kind !== ORCHESTRATION || !isOpen(row.status)) return;
    this.deliver(row.seq, { kind: 'event', event, ...(executionId !== undefined && { executionId }) });
  }

  /** The entity comes into being with its first message; a message that is not due yet waits in the timer table. */
  deliverToEntity(instanceId: string, body: MessageBody): void {
    const due = body.kind === 'request' ? body.request.due : undefined;
    if (due !== undefined && Date.parse(due) > this.clock.now()) {
      this.addTimer(0, instanceId, Date.parse(due), body);
      return;
    }
    const row = this.instances.find(instanceId);
    this.deliver(row?.seq ?? this.createEntity(instanceId), body);
  }

  request(name: string, key: string, request: RequestMessage): void {
    this.deliverToEntity(entityInstanceId(name, key), { kind: 'request', request });
  }

  consume(instance: number, messages: readonly Message[]): void {
    this.mail.delete(messages);
    this.after(() => this.mail.remove(instance, messages));
  }

  /**
   * Starts an orchestration. An ended instance of that id is replaced.
   * @returns the status of the instance that is in the way, or undefined when the start was written.
   */
  startInstance(
    start: NewInstance,
    refuseWhen: (status: RuntimeStatus) => boolean,
  ): RuntimeStatus | undefined {
    const existing = this.instances.find(start.id);
    if (existing && refuseWhen(existing.status)) return existing.status;
    if (existing) this.removeInstance(existing);
    const { id, name, input, version, parent } = start;
    const generation = parent ? null : 0;
    const executionId = start.executionId ?? (parent ? newPlainGuid() : newGuid());
    const nowMs = this.clock.now();
    const seq = this.instances.insert(
      { id, kind: ORCHESTRATION, name, executionId, status: 'Pending' },
      nowMs,
    );
    this.instances.writeInput(seq, { input, version, parent, generation });
    const event = executionStarted(
      { instanceId: id, executionId, name, version, input, parent, generation },
      nowMs,
    );
    this.deliver(seq, { kind: 'event', event });
    return undefined;
  }

  /** Deletes everything that belongs to the instance. */
  removeInstance(row: InstanceRow): void {
    const messages = [...this.mail.peek(row.seq)];
    this.mail.delete(messages);
    this.instances.delete(row.seq);
    this.deleteTimers(row.seq);
    this.after(() => {
      this.mail.remove(row.seq, messages);
      this.wake.forget(row.seq);
    });
  }

  addActivity(task: Omit<ActivityTask, 'seq'>): void {
    const whole: ActivityTask = { ...task, seq: this.nextActivity++ };
    this.store
      .prepare('INSERT INTO d_activity VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)')
      .run(
        whole.seq,
        whole.instance,
        whole.instanceId,
        whole.executionId,
        whole.taskId,
        whole.name,
        whole.input ?? null,
      );
    this.after(() => this.wake.activity(whole));
  }

  /** @param target an entity's instance id when `instance` is 0. */
  addTimer(instance: number, target: string | null, dueMs: number, body: MessageBody): void {
    this.store
      .prepare('INSERT INTO d_timer VALUES (?1, ?2, ?3, ?4, ?5)')
      .run(this.nextTimer++, dueMs, instance, target, JSON.stringify(body));
    this.after(() => this.wake.timer(dueMs));
  }

  deleteTimers(instance: number): void {
    this.store.prepare('DELETE FROM d_timer WHERE instance = ?1 AND instance > 0').run(instance);
  }

  private createEntity(instanceId: string): number {
    const name = entityOf(instanceId)?.name ?? instanceId;
    return this.instances.insert(
      { id: instanceId, kind: ENTITY, name, executionId: newPlainGuid(), status: 'Running' },
      this.clock.now(),
    );
  }

  private lastSeq(table: string): number {
    return Number(this.store.prepare(`SELECT max(seq) AS last FROM ${table}`).get()?.['last'] ?? 0);
  }
}
