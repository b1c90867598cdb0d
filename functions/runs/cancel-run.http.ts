import type { Ports } from '../../adapters/ports';
import { cancelBody } from '../../contracts/api-runs';
import { isEnded } from '../../contracts/runs';
import { INBOX, type InboxMessage } from '../../domain/runs/inbox-messages';
import { callerOf } from '../caller';
import { durableHttp, json, type DurableHandler } from '../http';
import { RequestError } from '../problem';
import { parseBody, readJson } from '../request-body';
import { findRun } from './find-run';

/** POST runs/{run}/cancel (row A7): tells the run, which sees to the rest. 202; a run that has ended is 409. */
export function cancelRun(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const { reason } = parseBody(cancelBody, await readJson(request, ports.settings.maxBodyBytes));
    const { run, instance, status } = await findRun(ports, client, request);
    if (!instance || isEnded(status.state)) {
      throw new RequestError('RunAlreadyEnded', { detail: `The run has already ended (${status.state}).` });
    }
    const message: InboxMessage = {
      kind: 'cancel',
      mode: 'ask',
      by: callerOf(request).name,
      ...(reason === undefined ? {} : { reason }),
    };
    await client.raiseEvent(run, INBOX, message);
    const self = `/api/runs/${run}`;
    return json({ run, links: { self } }, 202, { location: self });
  });
}
