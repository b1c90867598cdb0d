import { createHash } from 'node:crypto';
import { actionValueKey } from '../adapters/blobs/blob-keys';
import type { Blobs, Ports } from '../adapters/ports';

/** Puts a long value into a blob, so that parts of a run can share it without a copy in each of their histories. */
export function keepValue({ blobs }: Pick<Ports, 'blobs'>) {
  return async ({ run, value }: { run: string; value: unknown }): Promise<string> =>
    (await keepText(blobs, run, JSON.stringify(value))).hash;
}

/** @returns the hash that it is kept under. */
export async function keepText(
  blobs: Pick<Blobs, 'put'>,
  run: string,
  text: string,
): Promise<{ hash: string; bytes: number }> {
  const content = Buffer.from(text);
  const hash = createHash('sha256').update(content).digest('hex');
  await blobs.put(actionValueKey(run, hash), content);
  return { hash, bytes: content.length };
}
