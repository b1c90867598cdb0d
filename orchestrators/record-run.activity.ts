import type { InvocationContext } from '@azure/functions';
import type { Instances } from '../adapters/instances';
import { changeFlowState } from '../adapters/flow-state';
import type { Ports, RunRow } from '../adapters/ports';
import { isAutomatic } from '../domain/runs/run-inputs';
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

type RecordPorts = Pick<
  Ports,
  'runs' | 'actions' | 'blobs' | 'flows' | 'flowHealth' | 'feed' | 'events' | 'settings' | 'now'
>;

/**
 * Records in the run index how a run ended, and pokes the parent that asked for it. A flow whose triggers started too many failed runs one
 * after another is disabled.
 */
export function recordRun(ports: RecordPorts, instancesOf: (context: InvocationContext) => Instances) {
  const record = recordActions(ports, instancesOf);
  return async ({ row, ending, records }: RecordRun, context: InvocationContext): Promise<void> => {
    await Promise.all([
      ports.runs.record(row),
      records?.length ? record({ run: row.run, records }, context) : undefined,
    ]);
    await watchOver(ports, row, context);
    if (ending === undefined) return;
    const message: InboxMessage = { kind: 'childEnding', child: row.run };
    await instancesOf(context).raise(ending, INBOX, message);
  };
}

/** Only of runs that no person started: the others are seen by who did. */
async function watchOver(
  ports: RecordPorts,
  { run, name, trigger, state }: Partial<RunRow> & Pick<RunRow, 'run'>,
  context: InvocationContext,
): Promise<void> {
  if (name === undefined || !isAutomatic(trigger)) return;
  const failures = await ports.flowHealth.ended(name, run, state === 'Failed' || state === 'TimedOut');
  if (failures < ports.settings.disableAfterFailures) return;
  const change = { to: 'disabled', reason: 'ConsecutiveFailures', by: 'attendant' } as const;
  if (!(await changeFlowState(ports, name, change))) return;
  context.warn(`The flow ${name} was disabled: ${failures} runs of its trigger failed one after another.`);
}
