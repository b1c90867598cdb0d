import { errorInfoSchema } from '../../contracts/agent-protocol';
import type { RunRow } from '../ports';
import { optionalInstant, optionalNumber, optionalText, requireInstant, requireText } from './columns';
import type { StoredRow } from './table';

/** The run, or undefined for a row to which only later facts have come so far. */
export function fromRow({ columns }: StoredRow): RunRow | undefined {
  const kind = columns['kind'];
  if (kind !== 'cloud' && kind !== 'desktop') return undefined;
  const error = optionalText(columns, 'error');
  return {
    run: requireText(columns, 'run'),
    kind,
    name: requireText(columns, 'name'),
    state: requireText(columns, 'state'),
    requestedMs: requireInstant(columns, 'requestedAt'),
    endedMs: optionalInstant(columns, 'endedAt'),
    error: error === undefined ? undefined : errorInfoSchema.parse(JSON.parse(error)),
    machine: optionalText(columns, 'machine'),
    epoch: optionalNumber(columns, 'epoch'),
    fence: optionalNumber(columns, 'fence'),
    queue: optionalText(columns, 'queue'),
    cluster: optionalText(columns, 'cluster'),
    gateway: optionalText(columns, 'gateway'),
    heardMs: optionalInstant(columns, 'heardAt'),
    trigger: optionalText(columns, 'trigger'),
    startedBy: optionalText(columns, 'startedBy'),
    resubmittedFrom: optionalText(columns, 'resubmittedFrom'),
  };
}
