import { actionValueKey } from '../adapters/blobs/blob-keys';
import type { Ports } from '../adapters/ports';
import { isSealed, useOfRun } from '../contracts/sealed-values';

/** Reads outputs of actions that were put into blobs, in the order of their hashes. */
export function loadValues({ blobs, sealer }: Pick<Ports, 'blobs' | 'sealer'>) {
  return ({
    run,
    hashes,
    from,
    to,
    sealed,
  }: {
    run: string;
    hashes: string[];
    from?: number;
    to?: number;
    /** They are sealed, and are handed on so. */
    sealed?: boolean;
  }): Promise<unknown[]> =>
    Promise.all(
      hashes.map(async (hash) => {
        const content = await blobs.get(actionValueKey(run, hash));
        if (!content) throw new Error(`the value ${hash} of the run ${run} is missing`);
        const kept: unknown = JSON.parse(Buffer.from(content).toString('utf8'));
        const value = sealed && isSealed(kept) ? sealer.open(kept, useOfRun(run)) : kept;
        const part =
          from === undefined || !Array.isArray(value) ? value : (value as unknown[]).slice(from, to);
        return sealed ? sealer.seal(part, useOfRun(run)) : part;
      }),
    );
}
