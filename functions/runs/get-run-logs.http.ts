import type { Ports } from '../../adapters/ports';
import { runLogQuery, type RunLog } from '../../contracts/api-runs';
import { isEnded } from '../../contracts/runs';
import { durableHttp, json, type DurableHandler } from '../http';
import { RequestError } from '../problem';
import { parseQuery } from '../request-body';
import { findRun } from './find-run';

/** GET runs/{run}/logs: lines of a desktop-flow run from number `after` on; `complete` when the run has ended and no line is left. */
export function getRunLogs(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const { after, top } = parseQuery(runLogQuery, request);
    // Asked before the lines are read: a run that has ended by now has written all of them.
    const { run, kind, status } = await findRun(ports, client, request);
    if (kind === 'cloud') {
      throw new RequestError('RunNotFound', {
        detail: `${run} is a cloud-flow run; its desktop-flow runs (${run}-1 …) have the logs.`,
      });
    }
    const { lines, next } = await ports.runLogs.read(run, after, top);
    const body: RunLog = { lines, next, complete: isEnded(status.state) && lines.length < top };
    return json(body);
  });
}
