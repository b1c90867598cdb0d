import type { Task } from 'durable-functions';
import type { GrantRef } from '../domain/run-queue/messages';
import type { DesktopRun } from './desktop-run';

/** A grant that the run cannot use (another queue's, or too late) goes back at once. */
export function* releaseForeignGrant(
  run: DesktopRun,
  told: { queue: string; grant: GrantRef },
): Generator<Task, void, unknown> {
  yield* run.callQueue(told.queue, { kind: 'release', grant: told.grant, outcome: 'unused' });
}

/** Gives back whatever was granted while the run was ending; the last thing it does. */
export function* releaseLateGrants(run: DesktopRun): Generator<Task, void, unknown> {
  for (let message = run.inbox.take(); message; message = run.inbox.take()) {
    if (message.kind === 'granted' && run.isNewGrant(message.grant)) yield* releaseForeignGrant(run, message);
  }
}
