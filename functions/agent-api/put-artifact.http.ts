import type { Ports } from '../../adapters/ports';
import { artifactKey } from '../../adapters/blobs/blob-keys';
import { desktopRunId } from '../../contracts/ids';
import { http, type Handler } from '../http';
import { RequestError } from '../problem';
import { readBytes } from '../request-body';
import { parseArtifactName } from '../runs/artifact-name';
import { requireMachine } from './signed-request';

/** PUT agent/runs/{run}/artifacts/{name} (signed): a file that a run leaves behind; only from the machine that was given the run. */
export function putArtifact(ports: Ports): Handler {
  return http(async (request) => {
    const content = await readBytes(request, ports.settings.maxFileBytes);
    const machine = await requireMachine(ports, request, content);
    const name = parseArtifactName(request.params['name']);
    const run = desktopRunId.safeParse(request.params['run']);
    const row = run.success ? await ports.runs.get(run.data) : undefined;
    if (!run.success || !row) throw new RequestError('RunNotFound');
    if (row.machine !== machine.id || row.epoch !== machine.epoch) {
      throw new RequestError('Forbidden', { detail: 'The run was not given to this machine.' });
    }
    await ports.blobs.put(artifactKey(run.data, name), content);
    return { status: 204 };
  });
}
