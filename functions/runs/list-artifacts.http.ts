import type { Ports } from '../../adapters/ports';
import { artifactsPrefix } from '../../adapters/blobs/blob-keys';
import type { ArtifactList } from '../../contracts/api-runs';
import { durableHttp, json, type DurableHandler } from '../http';
import { findRun } from './find-run';
import { childRuns } from './run-view';

/** GET runs/{run}/artifacts: what a desktop-flow run left behind; of a cloud-flow run, what all of its desktop-flow runs did. */
export function listArtifacts(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const found = await findRun(ports, client, request);
    const runs =
      found.kind === 'desktop' ? [found.run] : childRuns(found, await ports.runs.children(found.run));
    const lists = await Promise.all(
      runs.map(async (run) => {
        const prefix = artifactsPrefix(run);
        const blobs = await ports.blobs.list(prefix);
        return blobs.map(({ key, bytes }) => ({ run, name: key.slice(prefix.length), bytes }));
      }),
    );
    const body: ArtifactList = { artifacts: lists.flat() };
    return json(body);
  });
}
