import type { GrantRef } from '../domain/run-queue/messages';
import { signalQueue } from './call-queue';
import type { DesktopRun } from './desktop-run';

/** Gives a machine back; a grant that is not the current one any more is left alone (rule 6). */
export function releaseGrant(
  run: DesktopRun,
  { queue, grant }: { queue: string; grant: GrantRef },
  outcome: string,
): void {
  signalQueue(run, queue, { kind: 'release', grant, outcome });
}

/** A grant that the run cannot use (another queue's, or too late) goes back at once. */
export function releaseForeignGrant(run: DesktopRun, told: { queue: string; grant: GrantRef }): void {
  releaseGrant(run, told, 'unused');
}

/** Gives back whatever was granted while the run was ending; the last thing it does. */
export function releaseLateGrants(run: DesktopRun): void {
  for (let message = run.inbox.take(); message; message = run.inbox.take()) {
    if (message.kind === 'granted' && run.isNewGrant(message.grant)) releaseForeignGrant(run, message);
  }
}
