import { errorInfo, type ErrorInfo } from '../../contracts/errors';
import { occupied, type Circumstances, type Decision, type GoCommand } from './decide';
import type { JournalState } from './state';

/*
 * Runs that somebody at the machine starts while the control plane cannot be asked (docs/adr/0005). They stand in the same journal with grant
 * number 0 (fence.ts): everything that is decided from `started` records counts them in, and nothing is said of them.
 */

/** @returns why it cannot start now; a run of the queue that is accepted comes first. */
export function decideHere(
  state: JournalState,
  command: GoCommand,
  facts: Circumstances,
): Decision | { refused: ErrorInfo } {
  const { run, fence, userKey } = command;
  const refuse = (code: 'UIFlowAlreadyRunning' | 'UIFlowAgentNotAvailable', detail: string) => ({
    refused: errorInfo(code, { detail }),
  });
  if (facts.unable) return refuse('UIFlowAgentNotAvailable', facts.unable);
  const full = occupied(state, userKey, facts);
  if (full) return refuse('UIFlowAlreadyRunning', full);
  if ([...state.runs.values()].some((entry) => entry.state === 'accepted')) {
    return refuse('UIFlowAlreadyRunning', 'A run of the queue is about to start.');
  }
  return {
    records: [{ k: 'started', run, fence, userKey, at: facts.wallNow }],
    events: [],
    action: { do: 'start', command },
  };
}
