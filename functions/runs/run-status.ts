import type { DurableOrchestrationStatus } from 'durable-functions';
import { z } from 'zod';
import type { RunRow } from '../../adapters/ports';
import { errorInfoSchema } from '../../contracts/agent-protocol';
import { errorCatalogue, errorInfo, type ErrorInfo } from '../../contracts/errors';
import type { RunError } from '../../contracts/api-runs';
import {
  actionStatus,
  cloudRunState,
  cloudRunStatus,
  desktopRunResult,
  desktopRunState,
  desktopRunStatus,
  isEnded,
  type ActionStatus,
  type CloudRunState,
  type DesktopRunState,
  type PausedSince,
  type TimelineEntry,
} from '../../contracts/runs';

/** Where a run stands, from its orchestration's result, else its custom status, else the run index. */
export interface RunStatus {
  state: CloudRunState | DesktopRunState;
  actions: Record<string, ActionStatus>;
  outputs?: Record<string, unknown> | undefined;
  error?: ErrorInfo | undefined;
  machine?: string | undefined;
  queue?: string | undefined;
  timeline?: TimelineEntry[] | undefined;
  paused?: PausedSince | undefined;
}

const cloudResult = z.object({
  state: cloudRunState,
  actions: z.record(z.string(), actionStatus),
  outputs: z.record(z.string(), z.unknown()).optional(),
  error: errorInfoSchema.optional(),
});

export function readStatus(found: {
  kind: 'cloud' | 'desktop';
  row: RunRow | undefined;
  instance: DurableOrchestrationStatus | undefined;
}): RunStatus {
  const { kind, row, instance } = found;
  if (!instance) return rowStatus(kind, row);
  const status = kind === 'cloud' ? cloudStatus(instance) : desktopStatus(instance);
  if (isEnded(status.state)) return status;
  const { runtimeStatus } = instance;
  if (runtimeStatus === 'Failed') return { ...status, state: 'Failed', error: errorInfo('Internal') };
  if (runtimeStatus === 'Terminated' || runtimeStatus === 'Canceled') {
    return { ...status, state: 'Cancelled', error: errorInfo('Cancelled') };
  }
  return status;
}

/** Adds what the catalogue says on how to mend it. */
export function withRemedy(error: ErrorInfo): RunError {
  return { ...error, remedy: errorCatalogue[error.code].remedy };
}

function cloudStatus({ output, customStatus, runtimeStatus }: DurableOrchestrationStatus): RunStatus {
  const result = cloudResult.safeParse(output);
  if (result.success) return result.data;
  const current = cloudRunStatus.safeParse(customStatus);
  if (!current.success) return { state: 'Running', actions: {} };
  // Whoever waits for the end reads the outputs then: a run has not ended before its result is there.
  const goesOn = runtimeStatus === 'Running' && isEnded(current.data.state);
  return goesOn ? { state: 'Running', actions: current.data.actions } : current.data;
}

function desktopStatus({ output, customStatus, runtimeStatus }: DurableOrchestrationStatus): RunStatus {
  const current = desktopRunStatus.safeParse(customStatus);
  const known: RunStatus = {
    actions: {},
    ...(current.success ? current.data : { state: 'Queued' as const }),
  };
  const result = desktopRunResult.safeParse(output);
  if (result.success) return { ...known, ...result.data };
  // As for a cloud-flow run.
  return runtimeStatus === 'Running' && isEnded(known.state) ? { ...known, state: 'Stopping' } : known;
}

function rowStatus(kind: 'cloud' | 'desktop', row: RunRow | undefined): RunStatus {
  const states = kind === 'cloud' ? cloudRunState : desktopRunState;
  const state = states.safeParse(row?.state);
  return {
    state: state.success ? state.data : kind === 'cloud' ? 'Running' : 'Queued',
    actions: {},
    error: row?.error,
    machine: row?.machine,
    queue: row?.queue,
  };
}
