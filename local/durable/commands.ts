import { EngineError } from './engine-error';
import type { CommandResult, InstanceQuery, RuntimeStatus, StartRequest, StartResult } from './engine-api';
import { newGuid, newPlainGuid } from './guid';
import {
  eventRaised,
  executionResumed,
  executionSuspended,
  executionTerminated,
  type HistoryEvent,
} from './history';
import type { Hub } from './hub';
import { ENTITY } from './instances';
import type { Queries } from './queries';
import { rewindInstance } from './rewind';
import { ENDED, isOpen } from './statuses';
import { timeText } from './time-text';

/** Instances deleted in one transaction. */
const PURGE_BATCH = 200;

/** What clients and operators ask of instances; all of it is written before it is answered. */
export class Commands {
  constructor(private readonly hub: Hub) {}

  start(request: StartRequest): StartResult {
    this.requireSize(request.input, 'The input');
    const instanceId = request.instanceId ?? newPlainGuid();
    const refused = request.refuseWhen ?? ['Pending', 'Running', 'Suspended'];
    const existing = this.hub.transaction(() =>
      this.hub.startInstance(
        {
          id: instanceId,
          name: request.name,
          input: request.input ?? null,
          version: request.version ?? this.hub.settings.defaultVersion,
          parent: null,
        },
        (status) => refused.includes(status),
      ),
    );
    return existing === undefined ? { ok: true, instanceId } : { ok: false, existing };
  }

  raiseEvent(instanceId: string, name: string, input: string | undefined): CommandResult {
    this.requireSize(input, 'The event');
    return this.send(instanceId, () => eventRaised(name, input ?? null, this.now()));
  }

  terminate(instanceId: string, reason: string | undefined): CommandResult {
    return this.send(instanceId, () => executionTerminated(reason ?? null, this.now()));
  }

  suspend(instanceId: string, reason: string | undefined): CommandResult {
    return this.send(
      instanceId,
      () => executionSuspended(reason ?? null, this.now()),
      (status) => status !== 'Suspended',
    );
  }

  resume(instanceId: string, reason: string | undefined): CommandResult {
    return this.send(
      instanceId,
      () => executionResumed(reason ?? null, this.now()),
      (status) => status === 'Suspended',
    );
  }

  rewind(instanceId: string, reason: string | undefined): CommandResult {
    const row = this.hub.instances.find(instanceId);
    if (!row || row.kind === ENTITY) return 'notFound';
    if (row.status !== 'Failed') return isOpen(row.status) ? 'invalidState' : 'finished';
    this.hub.transaction(() => rewindInstance(this.hub, row, reason ?? null));
    return 'accepted';
  }

  restart(instanceId: string, withNewId: boolean): string | undefined {
    const row = this.hub.instances.find(instanceId);
    if (!row || row.kind === ENTITY) return undefined;
    const { input } = this.hub.instances.input(row.seq);
    const { ok, ...result } = this.start({
      name: row.name,
      input: input ?? undefined,
      ...(!withNewId && { instanceId }),
      refuseWhen: [],
    });
    return ok && 'instanceId' in result ? result.instanceId : undefined;
  }

  purge(instanceId: string): CommandResult {
    const row = this.hub.instances.find(instanceId);
    if (!row) return 'notFound';
    if (row.kind !== ENTITY && isOpen(row.status)) return 'invalidState';
    this.hub.transaction(() => this.hub.removeInstance(row));
    return 'accepted';
  }

  /** Deletes ended instances only, whatever the filter says. */
  purgeWhere(query: InstanceQuery, queries: Queries): number {
    const wanted = query.runtimeStatus ?? ENDED;
    const runtimeStatus = wanted.filter((status: RuntimeStatus) => !isOpen(status));
    let deleted = 0;
    let continuationToken: string | undefined;
    if (runtimeStatus.length === 0) return 0;
    do {
      const { rows, next } = queries.page({ ...query, runtimeStatus, top: PURGE_BATCH, continuationToken });
      this.hub.transaction(() => rows.forEach((row) => this.hub.removeInstance(row)));
      deleted += rows.length;
      continuationToken = next;
    } while (continuationToken !== undefined);
    return deleted;
  }

  signalEntity(
    name: string,
    key: string,
    operation: string,
    input: string | undefined,
    scheduledMs: number | undefined,
  ): void {
    this.requireSize(input, "The operation's input");
    const due = scheduledMs === undefined ? undefined : timeText(scheduledMs);
    this.hub.transaction(() =>
      this.hub.request(name, key, {
        op: operation,
        signal: true,
        input,
        id: newGuid(),
        ...(due !== undefined && { due }),
      }),
    );
  }

  private send(
    instanceId: string,
    event: () => HistoryEvent,
    allowed: (status: RuntimeStatus) => boolean = () => true,
  ): CommandResult {
    const row = this.hub.instances.find(instanceId);
    if (!row) return 'notFound';
    if (!isOpen(row.status)) return 'finished';
    if (!allowed(row.status)) return 'invalidState';
    if (row.kind === ENTITY) return 'accepted';
    this.hub.transaction(() => this.hub.deliver(row.seq, { kind: 'event', event: event() }));
    return 'accepted';
  }

  private requireSize(text: string | undefined, what: string): void {
    const limit = this.hub.settings.maxPayloadBytes;
    if (text === undefined || text.length * 3 <= limit || Buffer.byteLength(text) <= limit) return;
    throw new EngineError(
      'PayloadTooLarge',
      `${what} has ${Buffer.byteLength(text)} bytes, the limit is ${limit}; hand over a reference instead.`,
    );
  }

  private now(): number {
    return this.hub.clock.now();
  }
}
