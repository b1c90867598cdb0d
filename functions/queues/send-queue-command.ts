import type { HttpResponseInit } from '@azure/functions';
import { OrchestrationRuntimeStatus } from 'durable-functions';
import type { ErrorCode } from '../../contracts/errors';
import type { CommandAccepted } from '../../contracts/queues';
import type { QueueRefusal, QueueReply } from '../../domain/run-queue/messages';
import type { QueueOrder } from '../../orchestrators/call-queue';
import { orchestrations } from '../../orchestrators/names';
import type { QueueCommandInput } from '../../orchestrators/queue-command';
import { json, type Orchestrations } from '../http';
import { instanceStatus } from '../instances';
import { RequestError } from '../problem';

/** How long a request waits for a command (ms); after that it is answered 202. */
const PATIENCE_MS = 5_000;
const FIRST_LOOK_MS = 10;
const LONGEST_LOOK_MS = 200;

/**
 * Sends a command of a person to a queue and waits for the queue's answer, at most five seconds.
 * @returns false when there is no answer yet; the command goes on.
 * @throws RequestError when the queue refuses; nothing has changed then.
 */
export async function sendQueueCommand(
  client: Orchestrations,
  queue: string,
  order: QueueOrder,
): Promise<boolean> {
  const input: QueueCommandInput = { queue, order };
  const instance = await client.startNew(orchestrations.queueCommand, { input });
  const output = await outputOf(client, instance);
  if (output === undefined) return false;
  const reply = output as QueueReply;
  if (reply.kind === 'refused') throw refusedCommand(reply);
  return true;
}

/**
 * The output of an orchestration, waited for at most `patienceMs`; undefined when it still goes on.
 * @throws Error when the orchestration failed.
 */
export async function outputOf(
  client: Orchestrations,
  instance: string,
  patienceMs = PATIENCE_MS,
): Promise<unknown> {
  const giveUpAt = performance.now() + patienceMs;
  for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_LOOK_MS)) {
    const status = await instanceStatus(client, instance, { showInput: false });
    if (status?.runtimeStatus === OrchestrationRuntimeStatus.Completed) return status.output;
    if (status?.runtimeStatus === OrchestrationRuntimeStatus.Failed) {
      throw new Error(`orchestration ${instance} failed: ${String(status.output)}`);
    }
    if (performance.now() + pauseMs > giveUpAt) return undefined;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** 202: what was asked for goes on; `self` shows it when it is done. */
export function accepted(self: string): HttpResponseInit {
  const body: CommandAccepted = { status: 'accepted', links: { self } };
  return json(body, 202, { location: self });
}

const codes: Record<QueueRefusal, ErrorCode> = {
  NotQueued: 'RunNotQueued',
  NotOnTop: 'RunNotOnTop',
  NoSuchMachine: 'MachineIsMoving',
  GroupIsEmpty: 'GroupIsEmpty',
  GroupIsFull: 'GroupIsFull',
  SessionReuseNotPossible: 'SessionReuseNotPossible',
  BadSetting: 'InvalidSetting',
  BadCommand: 'Internal',
};

export function refusedCommand({ code, detail }: Extract<QueueReply, { kind: 'refused' }>): RequestError {
  return new RequestError(codes[code], { detail });
}
