import type { Ports } from '../../adapters/ports';
import { controlBody, stopBody } from '../../contracts/api-runs';
import { isEnded } from '../../contracts/runs';
import { INBOX, type InboxMessage } from '../../domain/runs/inbox-messages';
import { callerOf } from '../caller';
import { durableHttp, json, type DurableHandler, type Orchestrations } from '../http';
import { RequestError } from '../problem';
import { parseBody, readJson } from '../request-body';
import { findChild, findRun, type FoundRun } from './find-run';
import { childRuns } from './run-view';

/**
 * POST runs/{run}/pause and runs/{run}/resume (row A7): tells the run, whose agent freezes or thaws its processes. 202. Of a cloud-flow
 * run: each desktop-flow run of it that executes. What was done twice is done.
 * @throws RequestError RunAlreadyEnded, or RunNotExecuting for a run that has not started: it can be cancelled instead.
 */
export function controlRun(ports: Ports, what: 'pause' | 'resume'): DurableHandler {
  return durableHttp(async (request, client) => {
    parseBody(controlBody, await readJson(request, ports.settings.maxBodyBytes));
    const found = await findRun(ports, client, request);
    refuseEnded(found);
    const open = found.kind === 'desktop' ? [found] : await openChildren(ports, client, found);
    const executing = open.filter(({ status }) => status.state === 'Running' || status.state === 'Paused');
    if (executing.length === 0) {
      throw new RequestError('RunNotExecuting', {
        detail: `The run is ${open[0]?.status.state ?? 'waiting'}.`,
      });
    }
    const runs = executing.map(({ run }) => run);
    await tell(client, runs, { kind: what, by: callerOf(request).name });
    return accepted(found.run, runs);
  });
}

/**
 * POST runs/{run}/stop (row A7): as `cancel`, and says how. A stronger mode may follow a weaker one. 202.
 * @throws RequestError RunAlreadyEnded
 */
export function stopRun(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const { mode, reason } = parseBody(stopBody, await readJson(request, ports.settings.maxBodyBytes));
    const found = await findRun(ports, client, request);
    refuseEnded(found);
    const message: InboxMessage = {
      kind: 'cancel',
      mode,
      by: callerOf(request).name,
      ...(reason === undefined ? {} : { reason }),
    };
    // A cloud-flow run ends its desktop-flow runs too, but once and in no particular mode: they are told the mode first.
    const children = found.kind === 'cloud' ? await openChildren(ports, client, found) : [];
    const runs = [...children, found].map(({ run }) => run);
    await tell(client, runs, message);
    return accepted(found.run, runs);
  });
}

function refuseEnded({ instance, status }: FoundRun): void {
  if (instance && !isEnded(status.state)) return;
  throw new RequestError('RunAlreadyEnded', { detail: `The run has already ended (${status.state}).` });
}

async function openChildren(ports: Ports, client: Orchestrations, found: FoundRun): Promise<FoundRun[]> {
  const rows = await ports.runs.children(found.run);
  const known = new Map(rows.map((row) => [row.run, row]));
  const children = await Promise.all(
    childRuns(found, rows).map((run) => findChild(client, run, known.get(run))),
  );
  return children.filter(({ instance, status }) => instance && !isEnded(status.state));
}

async function tell(client: Orchestrations, runs: readonly string[], message: InboxMessage): Promise<void> {
  for (const run of runs) await client.raiseEvent(run, INBOX, message);
}

function accepted(run: string, runs: string[]): ReturnType<typeof json> {
  const self = `/api/runs/${run}`;
  return json({ run, runs, links: { self } }, 202, { location: self });
}
