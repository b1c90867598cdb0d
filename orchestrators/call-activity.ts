import type { DurableOrchestrationContext, Task } from 'durable-functions';
import { RetryOptions } from 'durable-functions';
import type { connectionMembers } from './connection-members.activity';
import type { giveBack } from './give-back.activity';
import type { keepValue } from './keep-value.activity';
import type { keepStep } from './keep-step.activity';
import type { loadFlow } from './load-flow.activity';
import type { loadValues } from './load-values.activity';
import type { placeMachine } from './place-machine.activity';
import type { raiseInbox } from './raise-inbox.activity';
import type { readMachine } from './read-machine.activity';
import type { recordActions } from './record-actions.activity';
import type { recordRun } from './record-run.activity';
import type { removeCommandQueue } from './remove-command-queue.activity';
import type { resolveDesktopFlow } from './resolve-desktop-flow.activity';
import type { resolveTarget } from './resolve-target.activity';
import type { sendCommand } from './send-command.activity';
import type { sendHttp } from './send-http.activity';

/** Every activity by the name that app.ts registers it under. */
export interface Activities {
  'keep-step': ReturnType<typeof keepStep>;
  'load-flow': ReturnType<typeof loadFlow>;
  'record-actions': ReturnType<typeof recordActions>;
  'load-values': ReturnType<typeof loadValues>;
  'keep-value': ReturnType<typeof keepValue>;
  'send-http': ReturnType<typeof sendHttp>;
  'resolve-desktop-flow': ReturnType<typeof resolveDesktopFlow>;
  'resolve-target': ReturnType<typeof resolveTarget>;
  'give-back': ReturnType<typeof giveBack>;
  'send-command': ReturnType<typeof sendCommand>;
  'record-run': ReturnType<typeof recordRun>;
  'raise-inbox': ReturnType<typeof raiseInbox>;
  'read-machine': ReturnType<typeof readMachine>;
  'place-machine': ReturnType<typeof placeMachine>;
  'remove-command-queue': ReturnType<typeof removeCommandQueue>;
  'connection-members': ReturnType<typeof connectionMembers>;
}

/**
 * Activities answer what a person has done wrong as a value. What they throw is an outage, so each is tried again for about
 * three quarters of an hour: 2 s, 4 s, 8 s … up to 5 min apart.
 */
function throughOutages(): RetryOptions {
  const options = new RetryOptions(2_000, 15);
  options.backoffCoefficient = 2;
  options.maxRetryIntervalInMilliseconds = 300_000;
  return options;
}

/** An orchestration as its parts see it. */
export interface Orchestration {
  df: DurableOrchestrationContext;
  inbox: {
    readonly nowMs: number;
    readonly inStep: boolean;
    during<Result>(task: Task): Generator<Task, Result, unknown>;
  };
}

type Input<Name extends keyof Activities> = Parameters<Activities[Name]>[0];

/** Calls an activity with the types of its factory. @throws when it still fails after all tries. */
export function callActivity<Name extends keyof Activities>(
  { df, inbox }: Orchestration,
  name: Name,
  input: Input<Name>,
): Generator<Task, Awaited<ReturnType<Activities[Name]>>, unknown> {
  return inbox.during(df.callActivityWithRetry(name, throughOutages(), input));
}

/** As `callActivity`. @returns undefined when it failed in the end: the caller goes on with what it has. */
export function* callThroughOutages<Name extends keyof Activities>(
  orchestration: Orchestration,
  name: Name,
  input: Input<Name>,
): Generator<Task, Awaited<ReturnType<Activities[Name]>> | undefined, unknown> {
  try {
    return yield* callActivity(orchestration, name, input);
  } catch {
    return undefined;
  }
}

/** Calls an activity once. @returns undefined when it failed: for what the protocol itself does again, or can do without. */
export function* tryActivity<Name extends keyof Activities>(
  { df, inbox }: Orchestration,
  name: Name,
  input: Input<Name>,
): Generator<Task, Awaited<ReturnType<Activities[Name]>> | undefined, unknown> {
  try {
    return yield* inbox.during<Awaited<ReturnType<Activities[Name]>>>(df.callActivity(name, input));
  } catch {
    return undefined;
  }
}
