import type { InvocationContext } from '@azure/functions';
import type { Instances } from '../../adapters/instances';
import type { Ports } from '../../adapters/ports';
import type { RunSpeakers, Speaker } from '../../adapters/run-speakers';
import type { ConnectionTestMessage } from '../../domain/connections/connection-test';
import { runEvent } from '../../domain/outgoing-events/events';
import { INBOX, isRunEventKind } from '../../domain/runs/inbox-messages';
import type { AgentMessage, InboxMessage } from '../../domain/runs/inbox-messages';
import { signalQueue } from '../queues/signal-queue';
import { createAccountTeller } from './tell-account';
import { createMachineHearing } from './hear-machine';
import { createLastHeard } from './last-heard';
import { createVerifier } from './verify-event';
import type { DropReason, VerifiedEvent } from './verify-event';

type RunEvent = Exclude<VerifiedEvent, { kind: 'hello' | 'heartbeat' | 'connectionTested' }>;
type TestEvent = Extract<VerifiedEvent, { kind: 'connectionTested' }>;

/**
 * Receives what agents say. An event counts only when its machine signed it, is still registered, and holds the grant of the run
 * that it speaks of; everything else is dropped and counted, because sending it again would not make it better. What throws
 * here is an outage: the broker delivers the message again.
 */
export function receiveAgentEvents(
  ports: Ports,
  speakers: RunSpeakers,
  instancesOf: (context: InvocationContext) => Instances,
): (message: unknown, context: InvocationContext) => Promise<void> {
  const verify = createVerifier(ports);
  const lastHeard = createLastHeard(ports);
  const hearMachine = createMachineHearing(ports);
  const tellAccount = createAccountTeller(ports);
  const dropped = new Map<DropReason, number>();

  return async (message, context) => {
    const drop = (reason: DropReason): void => {
      const count = (dropped.get(reason) ?? 0) + 1;
      dropped.set(reason, count);
      context.warn(`Agent event dropped: ${reason} (${count} so far): ${nameOf(message)}`);
    };
    const verdict = await verify(message);
    if (!verdict.ok) return drop(verdict.reason);
    const { event } = verdict;
    if (event.kind === 'hello') return hearMachine(event, instancesOf(context));
    if (event.kind === 'heartbeat') {
      await hearMachine(event, instancesOf(context));
      for (const run of event.body.running) {
        // A heartbeat names runs without their fences; only those that this machine was given count as heard of.
        if ((await ports.runs.get(run))?.machine === event.machine.id) await lastHeard.heard(run);
      }
      return;
    }
    if (event.kind === 'connectionTested') {
      const told = await tellTest(event, instancesOf(context));
      return told === 'unknown' ? drop('unknown test') : undefined;
    }
    const speaker = await speakers.find(event.envelope);
    if (typeof speaker === 'string') return drop(speaker);
    await lastHeard.heard(speaker.grant.run);
    await hearRun(event, speaker, instancesOf(context));
  };

  async function hearRun(event: RunEvent, speaker: Speaker, instances: Instances): Promise<void> {
    const { run } = speaker.grant;
    switch (event.kind) {
      case 'log':
        return ports.runLogs.append(run, event.body.first, event.body.lines);
      case 'progress':
        return ports.runLogs.progress(run, { ...event.body, atMs: Date.parse(event.envelope.time) });
      case 'done':
        await keepAccount(run, event);
        return tellRun(event, speaker, instances);
      case 'accepted':
      case 'refused':
        // First the queue, so that a run that goes back there because of its user waits for that user.
        await tellAccount(event, speaker, instances);
        return tellRun(event, speaker, instances);
      default:
        return tellRun(event, speaker, instances);
    }
  }

  /** What the run used in all, and its screen, beside what it said last. */
  async function keepAccount(
    run: string,
    { body, envelope }: Extract<RunEvent, { kind: 'done' }>,
  ): Promise<void> {
    const { usage, screenshot } = body;
    if (!usage && !screenshot) return;
    const atMs = Date.parse(envelope.time);
    await ports.runLogs.progress(run, {
      atMs,
      ...(await ports.runLogs.lastProgress(run)),
      usage,
      screenshot,
    });
  }

  /** Row B9. The test knows whom it has asked. */
  function tellTest({ machine, body }: TestEvent, instances: Instances): Promise<'told' | 'unknown'> {
    const { test, ...check } = body;
    const message: ConnectionTestMessage = { kind: 'connectionTested', machine: machine.id, check };
    return instances.raise(test, INBOX, message);
  }

  /** Row L3. */
  function noteStart(run: string, time: string): Promise<void> {
    const data = { status: 'Running' };
    return ports.events.append(
      runEvent(run, { type: 'attendant.run.started', atMs: Date.parse(time), data }),
    );
  }

  async function tellRun(event: RunEvent, { grant, queue }: Speaker, instances: Instances): Promise<void> {
    if (!isRunEventKind(event.kind)) return;
    const message: InboxMessage = {
      kind: 'agent',
      event: event.kind,
      machine: grant.machine,
      fence: grant.fence,
      seq: event.envelope.seq,
      time: event.envelope.time,
      body: event.body,
    } as AgentMessage;
    if (event.kind === 'started') await noteStart(grant.run, event.envelope.time);
    const tell = (): Promise<'told' | 'unknown'> => instances.raise(grant.run, INBOX, message);
    const free = (outcome: string, ran: boolean): Promise<void> =>
      signalQueue(instances, queue, { kind: 'release', grant, outcome, ran }, ports.now());
    // The agent's proof frees the machine, whether or not anybody hears it (rule 4); the next run waits for that.
    if (event.kind === 'done') {
      await Promise.all([free(event.body.outcome, true), tell()]);
      return;
    }
    const told = await tell();
    if (event.kind !== 'never') return;
    // A run that was not told to go yet returns to its place by itself; an owner that has ended takes events in silence.
    if (told === 'unknown' || (await instances.stateOf(grant.run)) !== 'open') await free('never', false);
  }
}

function nameOf(message: unknown): string {
  if (typeof message !== 'object' || message === null) return typeof message;
  const { machine, kind, seq, run } = message as Record<string, unknown>;
  return JSON.stringify({ machine, kind, seq, run }).slice(0, 300);
}
