import type { InvocationContext } from '@azure/functions';
import type { Instances } from '../adapters/instances';
import type { Ports, RunRow } from '../adapters/ports';
import { INBOX } from '../domain/runs/inbox-messages';
import type { InboxMessage } from '../domain/runs/inbox-messages';
import { recordActions, type NewRecord } from './record-actions.activity';

export interface RecordRun {
  row: Partial<RunRow> & Pick<RunRow, 'run'>;
  /** Instance to tell. */
  ending?: string | undefined;
  /** The last actions of a cloud-flow run. */
  records?: NewRecord[] | undefined;
}

/** Records in the run index how a run ended, and pokes the parent that asked for it. */
export function recordRun(
  { runs, actions, blobs }: Pick<Ports, 'runs' | 'actions' | 'blobs'>,
  instancesOf: (context: InvocationContext) => Instances,
) {
  const record = recordActions({ actions, blobs }, instancesOf);
  return async ({ row, ending, records }: RecordRun, context: InvocationContext): Promise<void> => {
    await Promise.all([
      runs.record(row),
      records?.length ? record({ run: row.run, records }, context) : undefined,
    ]);
    if (ending === undefined) return;
    const message: InboxMessage = { kind: 'childEnding', child: row.run };
    await instancesOf(context).raise(ending, INBOX, message);
  };
}
