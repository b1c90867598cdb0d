import { z } from 'zod';
import type { HttpRequest } from '@azure/functions';
import type { MachineRow, Ports, RunRow } from '../../adapters/ports';
import {
  consoleRunReport,
  MAX_CONSOLE_REPORT_BYTES,
  type ConsoleRunReport,
  type ConsoleRunView,
} from '../../contracts/agent-api';
import { desktopRunState } from '../../contracts/runs';
import { runEvent } from '../../domain/outgoing-events/events';
import { judgeReport, OFFLINE_TRIGGER } from '../../domain/runs/console-report';
import { durableHttp, json, type DurableHandler, type Orchestrations } from '../http';
import { starterOf } from '../instances';
import { RequestError } from '../problem';
import { parseBody, parseJson, readBytes } from '../request-body';
import { putReport } from '../runs/kept-report';
import { requireMachine } from './signed-request';

/**
 * PUT agent/console-runs/{run} (signed): a run that its machine started by itself while it was cut off, told when it is over. It becomes a run of
 * the index like any other, is never granted, and counts once however often it is told.
 */
export function reportConsoleRun(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const bytes = await readBytes(request, MAX_CONSOLE_REPORT_BYTES);
    const machine = await requireMachine(ports, request, bytes);
    const report = parseBody(consoleRunReport, parseJson(bytes));
    const run = runOf(request);
    const before = await ports.runs.get(run);
    await refuseOthers(ports, client, { run, machine, before });
    // What was told first stands. The machine may have been registered anew since, and its files follow under that registration.
    if (before) await ports.runs.record({ run, epoch: machine.epoch });
    const row = before ?? (await keep(ports, { run, machine, report }));
    const body: ConsoleRunView = {
      run,
      state: desktopRunState.parse(row.state),
      ...(row.error ? { error: row.error } : {}),
    };
    return json(body);
  });
}

/** The row comes last: it says that all is there. */
async function keep(
  ports: Ports,
  { run, machine, report }: { run: string; machine: MachineRow; report: ConsoleRunReport },
): Promise<RunRow> {
  const { log, usage, screenshot, desktopFlow, user } = report;
  const { result, startedMs, endedMs, timeline } = judgeReport(report, ports.now());
  const { state, error, outputs } = result;
  if (log.length > 0) await ports.runLogs.append(run, 0, log);
  if (usage || screenshot) await ports.runLogs.progress(run, { atMs: endedMs, usage, screenshot });
  await putReport(ports, run, { timeline, ...(outputs ? { outputs } : {}) });
  const started = { type: 'attendant.run.started', atMs: startedMs, data: { status: 'Running' } } as const;
  await ports.events.append(runEvent(run, started));
  const row: RunRow = {
    run,
    kind: 'desktop',
    name: desktopFlow.name,
    state,
    requestedMs: startedMs,
    endedMs,
    ...(error ? { error } : {}),
    machine: machine.id,
    epoch: machine.epoch,
    trigger: OFFLINE_TRIGGER,
    startedBy: `${user} on ${machine.name}`,
  };
  await ports.runs.record(row);
  return row;
}

const offlineRun = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}-1$/);

/** @throws RequestError RunNotFound for an id that no run of a console has. */
function runOf(request: HttpRequest): string {
  const run = offlineRun.safeParse(request.params['run']);
  if (!run.success) throw new RequestError('RunNotFound', { detail: 'No run of a console has this id.' });
  return run.data;
}

/** A machine may tell of its own runs only. @throws RequestError Forbidden */
async function refuseOthers(
  ports: Ports,
  client: Orchestrations,
  { run, machine, before }: { run: string; machine: MachineRow; before: RunRow | undefined },
): Promise<void> {
  const refuse = (detail: string): RequestError => new RequestError('Forbidden', { detail });
  if (before) {
    if (before.machine === machine.id && before.trigger === OFFLINE_TRIGGER) return;
    throw refuse('The run was not started by this machine alone.');
  }
  const starter = starterOf(client);
  const parent = run.slice(0, run.indexOf('-'));
  const known = await Promise.all([run, parent].map((id) => starter.stateOf(id)));
  if (known.some((state) => state !== 'none') || (await ports.runs.get(parent)))
    throw refuse('The id is that of another run.');
}
