import type { HttpRequest } from '@azure/functions';
import type { DurableOrchestrationStatus } from 'durable-functions';
import type { Ports, RunRow } from '../../adapters/ports';
import { desktopRunId, runId } from '../../contracts/ids';
import type { Orchestrations } from '../http';
import { instanceStatus } from '../instances';
import { RequestError } from '../problem';
import { readStatus, type RunStatus } from './run-status';

/** A run as far as it is known: the orchestration is the truth, the row is what remains when its history is gone. */
export interface FoundRun {
  run: string;
  kind: 'cloud' | 'desktop';
  row: RunRow | undefined;
  instance: DurableOrchestrationStatus | undefined;
  status: RunStatus;
}

/** @throws RequestError RunNotFound, also for an address that holds no run id. */
export function requestedRun(request: HttpRequest): { run: string; kind: 'cloud' | 'desktop' } {
  const run = request.params['run'] ?? '';
  if (runId.safeParse(run).success) return { run, kind: 'cloud' };
  if (desktopRunId.safeParse(run).success) return { run, kind: 'desktop' };
  throw runNotFound(run);
}

/** @throws RequestError RunNotFound */
export async function findRun(ports: Ports, client: Orchestrations, request: HttpRequest): Promise<FoundRun> {
  const { run, kind } = requestedRun(request);
  const [row, instance] = await Promise.all([ports.runs.get(run), instanceStatus(client, run)]);
  if (!row && !instance) throw runNotFound(run);
  return { run, kind, row, instance, status: readStatus({ kind, row, instance }) };
}

/** The desktop-flow run, asking its orchestration only while the row does not say how it ended. */
export async function findChild(
  client: Orchestrations,
  run: string,
  row: RunRow | undefined,
): Promise<FoundRun> {
  const instance = row?.endedMs === undefined ? await instanceStatus(client, run) : undefined;
  return { run, kind: 'desktop', row, instance, status: readStatus({ kind: 'desktop', row, instance }) };
}

/** The answer for a run that is not there, or not for this caller. */
export function runNotFound(run: string): RequestError {
  return new RequestError('RunNotFound', { detail: `There is no run "${run}".` });
}
