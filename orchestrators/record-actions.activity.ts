import type { InvocationContext } from '@azure/functions';
import type { Instances } from '../adapters/instances';
import type { Ports } from '../adapters/ports';
import { INLINE_VALUE, type ActionRecord, type StoredValue } from '../contracts/action-records';
import { INBOX, type FlowMessage } from '../domain/runs/inbox-messages';
import { keepText } from './keep-value.activity';

/** A record whose values are still whole. */
export type NewRecord = Omit<ActionRecord, 'inputs' | 'outputs'> & {
  inputs?: GivenValue | undefined;
  outputs?: GivenValue | undefined;
};
export type GivenValue = { value: unknown } | { masked: true };

export interface RecordActions {
  run: string;
  records: NewRecord[];
  /** Who hears of it when that is done. */
  tell?: { instance: string; message: FlowMessage } | undefined;
}

/**
 * Puts what actions were given and gave into the store (row A8); long values go into blobs.
 * @returns for each record the hash of its outputs if they were put into a blob.
 */
export function recordActions(
  { actions, blobs }: Pick<Ports, 'actions' | 'blobs'>,
  instancesOf: (context: InvocationContext) => Instances,
) {
  return async (
    { run, records, tell }: RecordActions,
    context: InvocationContext,
  ): Promise<(string | null)[]> => {
    const kept = await Promise.all(records.map((record) => store(run, record)));
    await actions.put(run, kept);
    if (tell) await instancesOf(context).raise(tell.instance, INBOX, tell.message);
    return kept.map(({ outputs }) => (outputs && 'hash' in outputs ? outputs.hash : null));
  };

  async function store(run: string, { inputs, outputs, ...record }: NewRecord): Promise<ActionRecord> {
    const [given, gave] = await Promise.all([stored(run, inputs), stored(run, outputs)]);
    return { ...record, ...(given ? { inputs: given } : {}), ...(gave ? { outputs: gave } : {}) };
  }

  async function stored(run: string, given: GivenValue | undefined): Promise<StoredValue | undefined> {
    if (!given || 'masked' in given) return given;
    const text = JSON.stringify(given.value) as string | undefined;
    return text === undefined || text.length <= INLINE_VALUE ? given : keepText(blobs, run, text);
  }
}
