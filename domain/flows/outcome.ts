import type { ErrorInfo } from '../../contracts/errors';
import type { ActionStatus } from '../../contracts/runs';

/** How an action stands, with what expressions can read of it. */
export interface Outcome extends ActionStatus {
  inputs?: unknown;
  /** Its outputs are long and were put into a blob of this hash. */
  outputsHash?: string;
}

export type Outcomes = Record<string, Outcome>;

/** Why a block, or the whole run, ends before its actions have ended. */
export type Stop =
  | { kind: 'cancelled'; by?: string | undefined }
  | { kind: 'timedOut' }
  | { kind: 'terminated'; state: 'Succeeded' | 'Failed' | 'Cancelled'; error?: ErrorInfo | undefined };

/** Without what only expressions read: what is shown, and what a parent needs of an action that nobody else reads. */
export function bareOutcome({
  inputs: _inputs,
  outputs: _outputs,
  outputsHash: _hash,
  ...status
}: Outcome): Outcome {
  return status;
}

/** As one orchestration hands it to another: long outputs by their hash. */
export function portable(outcome: Outcome): Outcome {
  if (outcome.outputsHash === undefined) return outcome;
  const { outputs: _outputs, ...rest } = outcome;
  return rest;
}
