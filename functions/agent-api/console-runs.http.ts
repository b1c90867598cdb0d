import type { HttpRequest } from '@azure/functions';
import type { MachineRow, Ports } from '../../adapters/ports';
import { consoleRunRequest, consoleRunStop, type ConsoleRunView } from '../../contracts/agent-api';
import { isEnded } from '../../contracts/runs';
import { INBOX, type InboxMessage } from '../../domain/runs/inbox-messages';
import type { DesktopFlowRunInput } from '../../domain/runs/run-inputs';
import { orchestrations } from '../../orchestrators/names';
import { durableHttp, json, type DurableHandler, type Orchestrations } from '../http';
import { starterOf } from '../instances';
import { RequestError } from '../problem';
import { parseBody, parseJson, readBytes } from '../request-body';
import { findRun, type FoundRun } from '../runs/find-run';
import { requireMachine } from './signed-request';

/**
 * POST agent/console-runs (signed): a run of a desktop flow on the machine that asks, in the session of whoever sits there. It waits in the
 * machine's queue as every other run does.
 */
export function startConsoleRun(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const bytes = await readBytes(request, ports.settings.maxBodyBytes);
    const machine = await requireMachine(ports, request, bytes);
    const asked = parseBody(consoleRunRequest, parseJson(bytes));
    const { desktopFlow, inputs, user } = asked;
    if (!(await ports.desktopFlows.get(desktopFlow))) {
      throw new RequestError('DesktopFlowNotFound', { detail: `There is no desktop flow "${desktopFlow}".` });
    }
    const run = `${asked.request}-1`;
    const starter = starterOf(client);
    if ((await starter.stateOf(run)) === 'none' && !(await ports.runs.get(run))) {
      const input: DesktopFlowRunInput = {
        action: { desktopFlow, connection: 'console', mode: 'attended', inputs, priority: 'normal' },
        console: { machine: machine.id, user },
        name: 'console',
        startedBy: `${user} on ${machine.name}`,
      };
      await starter.start(orchestrations.desktopFlowRun, input, run);
    }
    const body: ConsoleRunView = { run, state: 'Queued' };
    return json(body, 202);
  });
}

/** GET agent/console-runs/{run} (signed): where a run stands that was started at this machine. */
export function getConsoleRun(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const machine = await requireMachine(ports, request, new Uint8Array());
    return json(viewOf(await startedAt(ports, client, request, machine)));
  });
}

/** POST agent/console-runs/{run}/stop (signed): ends it, wherever it waits. @throws RequestError RunAlreadyEnded */
export function stopConsoleRun(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const bytes = await readBytes(request, ports.settings.maxBodyBytes);
    const machine = await requireMachine(ports, request, bytes);
    const { user } = parseBody(consoleRunStop, parseJson(bytes));
    const found = await startedAt(ports, client, request, machine);
    if (isEnded(found.status.state)) throw new RequestError('RunAlreadyEnded');
    const message: InboxMessage = { kind: 'cancel', mode: 'ask', by: `${user} on ${machine.name}` };
    await client.raiseEvent(found.run, INBOX, message);
    return json(viewOf(found), 202);
  });
}

/** @throws RequestError RunNotFound, Forbidden for a run that was not started at the machine. */
async function startedAt(
  ports: Ports,
  client: Orchestrations,
  request: HttpRequest,
  machine: MachineRow,
): Promise<FoundRun> {
  const found = await findRun(ports, client, request);
  const input = found.instance?.input as Partial<DesktopFlowRunInput> | undefined;
  if (input?.console?.machine === machine.id) return found;
  throw new RequestError('Forbidden', { detail: 'The run was not started at this machine.' });
}

function viewOf({ run, status }: FoundRun): ConsoleRunView {
  const { state, error } = status;
  return { run, state: state as ConsoleRunView['state'], ...(error ? { error } : {}) };
}
