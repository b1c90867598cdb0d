import type { Ports } from '../../adapters/ports';
import { durableHttp, json, type DurableHandler } from '../http';
import { findRun } from './find-run';
import { cloudRunView, desktopRunView } from './run-view';

/** GET runs/{run}: a cloud-flow run with its desktop-flow runs, or one desktop-flow run (row A8). */
export function getRun(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const found = await findRun(ports, client, request);
    return json(
      found.kind === 'cloud' ? await cloudRunView(ports, client, found) : await desktopRunView(ports, found),
    );
  });
}
