import type { Ports } from '../../adapters/ports';
import { artifactKey } from '../../adapters/blobs/blob-keys';
import { http, type Handler } from '../http';
import { RequestError } from '../problem';
import { parseArtifactName } from './artifact-name';
import { requestedRun } from './find-run';

/** GET runs/{run}/artifacts/{name}: the bytes, never to be shown as a page of ours. */
export function getArtifact(ports: Ports): Handler {
  return http(async (request) => {
    const { run } = requestedRun(request);
    const name = parseArtifactName(request.params['name']);
    const content = await ports.blobs.get(artifactKey(run, name));
    if (!content) throw new RequestError('FileNotFound', { detail: `The run left no artifact "${name}".` });
    return {
      status: 200,
      headers: {
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
        'x-content-type-options': 'nosniff',
      },
      body: content,
    };
  });
}
