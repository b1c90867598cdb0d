import type { Completion } from './decision';
import { entityOf, type RequestMessage } from './entity-message';
import type { RuntimeStatus } from './engine-api';
import { runEpisode, type EpisodeResult, type EpisodeScope, type Outgoing } from './episode';
import {
  EventType,
  subOrchestrationCompleted,
  subOrchestrationFailed,
  timerFired,
  type HistoryEvent,
} from './history';
import { beginAnew, forgetWork, inOrder } from './forgetful';
import type { NewInstance } from './hub';
import type { InstanceRow } from './instances';
import type { Message, MessageBody } from './mail';
import { appendPast, type Execution, type Executions } from './orchestrations';
import { isOpen } from './statuses';

/** One work item of an orchestration: takes its mail, runs the episode, writes all it caused in one transaction. */
export async function orchestrationWork(
  scope: EpisodeScope,
  executions: Executions,
  row: InstanceRow,
  isCurrent: () => boolean,
): Promise<void> {
  const { hub } = scope;
  const execution = isOpen(row.status) ? executions.load(row.seq) : undefined;
  let mail = [...hub.mail.peek(row.seq)];
  if (execution && hub.settings.forgets) mail = inOrder(hub, execution, mail);
  const received = execution ? accepted(execution, mail) : [];
  if (!execution || received.length === 0) {
    hub.transaction(() => hub.consume(row.seq, mail));
    return;
  }
  const result = await runEpisode(scope, execution, received, row.status);
  if (!isCurrent()) return;
  const againMs = hub.settings.forgets?.(row.id);
  if (againMs !== undefined) {
    hub.transaction(() => {
      for (const outgoing of result.outgoing) send(scope, row.seq, outgoing);
      if (result.completion) tellParent(scope, result.completion, execution);
      forgetWork(hub, row, { taken: mail, againMs });
      hub.after(() => executions.forget(row.seq));
    });
    return;
  }
  hub.transaction(() => {
    hub.consume(row.seq, mail);
    const chars = write(scope, row, result);
    hub.after(() => settle(executions, result, chars));
  });
}

/** The events that belong to this execution; what is meant for an earlier one, or starts it again, is dropped. */
function accepted(execution: Execution, mail: readonly Message[]): HistoryEvent[] {
  const received: HistoryEvent[] = [];
  let started = execution.past.length > 0;
  for (const { body } of mail) {
    if (body.kind !== 'event') continue;
    if (body.executionId !== undefined && body.executionId !== execution.executionId) continue;
    const starts = body.event.EventType === EventType.ExecutionStarted;
    if (starts === started) continue;
    started = true;
    received.push(body.event);
  }
  return received;
}

/** @returns the length of the new events' JSON text. */
function write(scope: EpisodeScope, row: InstanceRow, result: EpisodeResult): number {
  const { hub } = scope;
  const { execution } = result;
  const nowMs = hub.clock.now();
  if (result.continued) {
    hub.instances.deleteHistory(row.seq);
    hub.instances.continueAs(row.seq, execution.executionId, nowMs);
    const { input, version, parent, generation } = execution;
    hub.instances.writeInput(row.seq, { input, version, parent, generation });
  }
  const events = JSON.stringify(result.events);
  hub.instances.appendHistory(row.seq, execution.episodes, events);
  hub.instances.touch(row.seq, execution.episodes + 1, result.customStatus, nowMs);
  const output = result.completion ? result.completion.result : reasonGiven(result.events);
  if (result.status !== row.status || output !== undefined) {
    hub.instances.setStatus(row.seq, result.status, output === undefined ? row.output : output);
  }
  for (const outgoing of result.outgoing) send(scope, row.seq, outgoing);
  if (result.completion) complete(scope, row, result);
  return events.length;
}

/** The reason of the last suspend or resume: the status query shows it as the output until the instance ends. */
function reasonGiven(events: readonly HistoryEvent[]): string | null | undefined {
  const last = events.findLast(
    ({ EventType: type }) => type === EventType.ExecutionSuspended || type === EventType.ExecutionResumed,
  );
  if (!last) return undefined;
  return typeof last['Reason'] === 'string' ? last['Reason'] : null;
}

function send(scope: EpisodeScope, seq: number, { execution, decision, text }: Outgoing): void {
  const { hub } = scope;
  const nowMs = hub.clock.now();
  switch (decision.kind) {
    case 'activity':
      hub.addActivity({
        instance: seq,
        instanceId: execution.id,
        executionId: execution.executionId,
        taskId: decision.id,
        name: decision.name,
        input: decision.input(),
      });
      break;
    case 'timer': {
      const event = timerFired(decision.id, decision.fireAtMs, nowMs);
      const body: MessageBody = { kind: 'event', executionId: execution.executionId, event };
      hub.addTimer(seq, null, decision.fireAtMs, body);
      break;
    }
    case 'subOrchestration':
      startChild(scope, execution, decision);
      break;
    case 'send':
      hub.deliverToEntity(decision.target, entityBody(decision.name, text));
      break;
  }
}

function entityBody(name: string, text: string): MessageBody {
  const message = JSON.parse(text) as RequestMessage & { parent: string };
  return name === 'release'
    ? { kind: 'release', parent: message.parent, id: message.id }
    : { kind: 'request', request: message };
}

function startChild(
  scope: EpisodeScope,
  execution: Execution,
  decision: Extract<Outgoing['decision'], { kind: 'subOrchestration' }>,
): void {
  const { hub } = scope;
  const child: NewInstance = {
    id: decision.instanceId,
    name: decision.name,
    version: decision.version,
    input: decision.input(),
    parent: {
      Name: execution.name,
      OrchestrationInstance: { InstanceId: execution.id, ExecutionId: execution.executionId },
      TaskScheduleId: decision.id,
      Version: execution.version,
    },
  };
  if (hub.settings.forgets) return beginAnew(hub, child);
  const inTheWay = hub.startInstance(child, (status: RuntimeStatus) => isOpen(status));
  // As with the real provider the second start is dropped, and the parent waits.
  if (inTheWay) {
    hub.log(
      'warning',
      `${execution.id}: sub-orchestration '${decision.instanceId}' is ${inTheWay} already; its start was dropped.`,
    );
  }
}

function complete(scope: EpisodeScope, row: InstanceRow, result: EpisodeResult): void {
  const { hub } = scope;
  const { completion, execution } = result;
  hub.deleteTimers(row.seq);
  for (const entity of hub.instances.lockedBy(row.id)) {
    // A lock must not outlive its owner, however that ended.
    if (entityOf(entity.id)) hub.deliver(entity.seq, { kind: 'release', parent: row.id, id: '' });
  }
  if (completion) tellParent(scope, completion, execution);
}

function tellParent({ hub }: EpisodeScope, completion: Completion, execution: Execution): void {
  if (!execution.parent) return;
  const { TaskScheduleId: taskId, OrchestrationInstance: parent } = execution.parent;
  const nowMs = hub.clock.now();
  const event =
    completion.status === 'Completed'
      ? subOrchestrationCompleted(taskId, completion.result, nowMs)
      : subOrchestrationFailed(
          taskId,
          {
            reason: completion.result ?? '',
            details: completion.details,
            failureDetails: completion.failureDetails,
          },
          nowMs,
        );
  hub.deliverEvent(parent.InstanceId, event, parent.ExecutionId);
}

function settle(executions: Executions, result: EpisodeResult, chars: number): void {
  const { execution } = result;
  if (result.completion) {
    executions.forget(execution.seq);
    return;
  }
  appendPast(execution, result.events, chars);
  execution.episodes += 1;
  execution.customStatus = result.customStatus;
  executions.keep(execution);
}
