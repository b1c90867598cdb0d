import type { InvocationContext } from '@azure/functions';
import type { Instances } from '../adapters/instances';
import type { Ports, RunRow } from '../adapters/ports';
import { INBOX } from '../domain/runs/inbox-messages';
import type { InboxMessage } from '../domain/runs/inbox-messages';

/** Records in the run index how a run ended, and pokes the parent that asked for it. */
export function recordRun(
  { runs }: Pick<Ports, 'runs'>,
  instancesOf: (context: InvocationContext) => Instances,
) {
  return async (
    { row, ending }: { row: Partial<RunRow> & Pick<RunRow, 'run'>; ending?: string | undefined },
    context: InvocationContext,
  ): Promise<void> => {
    await runs.record(row);
    if (ending === undefined) return;
    const message: InboxMessage = { kind: 'childEnding', child: row.run };
    await instancesOf(context).raise(ending, INBOX, message);
  };
}
