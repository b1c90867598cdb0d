import { actionValueKey } from '../../adapters/blobs/blob-keys';
import type { Ports } from '../../adapters/ports';
import { contentHash } from '../../contracts/ids';
import { http, type Handler } from '../http';
import { RequestError } from '../problem';
import { requestedRun } from './find-run';

/** GET runs/{run}/values/{hash}: inputs or outputs of an action that are too long for the list of actions. */
export function getRunValue(ports: Ports): Handler {
  return http(async (request) => {
    const { run } = requestedRun(request);
    const hash = contentHash.safeParse(request.params['hash']);
    const content = hash.success ? await ports.blobs.get(actionValueKey(run, hash.data)) : undefined;
    if (!content) throw new RequestError('FileNotFound', { detail: 'The run has no such value.' });
    return {
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8', 'x-content-type-options': 'nosniff' },
      body: content,
    };
  });
}
