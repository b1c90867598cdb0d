import type { ErrorInfo } from '../../contracts/errors';
import type { DesktopFlowInputs } from '../../contracts/flow-definition/desktop-flow-action';
import type { ActionStatus } from '../../contracts/runs';
import type { MaybeSealed, Sealed } from '../../contracts/sealed-values';

/** Input of the orchestration `cloud-flow-run`; its instance id is the run id. */
export interface CloudFlowRunInput {
  run: string;
  /** Name of the cloud flow. */
  flow: string;
  /** Content hash of the definition's snapshot. */
  definition: string;
  triggerBody?: unknown;
  /** Values of the flow's parameters; those that are missing have their defaults. */
  parameters?: Record<string, unknown> | undefined;
  /** In place of both where the flow secures data: `StartData`, sealed for this run. */
  sealed?: Sealed | undefined;
  /** Who or what started it: shown, and allowed to cancel. */
  startedBy?: string | undefined;
  /** Kind of trigger, for the run index. */
  trigger?: string | undefined;
  /** The run whose trigger data it was given (row A6). */
  resubmittedFrom?: string | undefined;
}

/** What a run is started with. */
export interface StartData {
  triggerBody?: unknown;
  parameters?: Record<string, unknown> | undefined;
}

/** Whether no person or program asked for a run with this trigger. */
export function isAutomatic(trigger: string | undefined): boolean {
  return trigger === 'Recurrence' || trigger === 'Event';
}

/** Output of `cloud-flow-run`. */
export interface CloudFlowRunResult {
  state: 'Succeeded' | 'Failed' | 'Cancelled' | 'TimedOut';
  actions: Record<string, ActionStatus>;
  /** The definition's `outputs`, evaluated; sealed for this run where the flow secures data. */
  outputs?: MaybeSealed<Record<string, unknown>> | undefined;
  error?: ErrorInfo | undefined;
}

/** Input of the orchestration `desktop-flow-run`; its instance id is `<run>-<n>`. */
export interface DesktopFlowRunInput {
  /** The action's inputs with every expression evaluated. */
  action: DesktopFlowInputs;
  /** The flow secures data: `action.inputs` are sealed for the cloud-flow run, and so are the outputs. */
  sealed?: true | undefined;
  /** Row K1: started by this user at the console of this machine, which is its target instead of `action.connection`. */
  console?: { machine: string; user: string } | undefined;
  /** Name of the action in its flow. */
  name: string;
  /** Run timeout as an ISO 8601 duration (row I1). */
  runTimeout?: string | undefined;
  startedBy?: string | undefined;
  /** Row A8: what of the action is not shown. */
  masked?: ('inputs' | 'outputs')[] | undefined;
  /** Instance to poke when this run is about to end; a flow without parallel branches needs none. */
  tell?: string | undefined;
}
