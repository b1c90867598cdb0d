import { actionValueKey } from '../adapters/blobs/blob-keys';
import type { Ports } from '../adapters/ports';

/** Reads outputs of actions that were put into blobs, in the order of their hashes. */
export function loadValues({ blobs }: Pick<Ports, 'blobs'>) {
  return ({
    run,
    hashes,
    from,
    to,
  }: {
    run: string;
    hashes: string[];
    from?: number;
    to?: number;
  }): Promise<unknown[]> =>
    Promise.all(
      hashes.map(async (hash) => {
        const content = await blobs.get(actionValueKey(run, hash));
        if (!content) throw new Error(`the value ${hash} of the run ${run} is missing`);
        const value: unknown = JSON.parse(Buffer.from(content).toString('utf8'));
        return from === undefined || !Array.isArray(value) ? value : (value as unknown[]).slice(from, to);
      }),
    );
}
