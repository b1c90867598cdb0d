import { z } from 'zod';
import { instant } from './ids';
import { errorInfoSchema } from './agent-protocol';

/** States of features.md ("States"); an ended state never changes again. */
export const cloudRunState = z.enum([
  'Running',
  'Waiting',
  'Succeeded',
  'Failed',
  'Cancelled',
  'TimedOut',
  'Skipped',
]);
export type CloudRunState = z.infer<typeof cloudRunState>;

export const desktopRunState = z.enum([
  'Queued',
  'NextToRun',
  'Starting',
  'Running',
  'Paused',
  'Stopping',
  'Succeeded',
  'Failed',
  'Cancelled',
  'TimedOut',
]);
export type DesktopRunState = z.infer<typeof desktopRunState>;

const endedStates: ReadonlySet<string> = new Set(['Succeeded', 'Failed', 'Cancelled', 'TimedOut', 'Skipped']);
export function isEnded(state: CloudRunState | DesktopRunState): boolean {
  return endedStates.has(state);
}

export const priority = z.enum(['high', 'normal', 'low']);
export type Priority = z.infer<typeof priority>;

/** One line of a run's story (row F10): when, what, why. */
export const timelineEntry = z.object({
  at: instant,
  what: z.string(),
  actor: z.string().optional(),
  reason: z.string().optional(),
});
export type TimelineEntry = z.infer<typeof timelineEntry>;

export const actionState = z.enum(['Running', 'Succeeded', 'Failed', 'Cancelled', 'TimedOut', 'Skipped']);

/** The rounds of a loop: how many there are, and how many have ended how. */
export const iterationCounts = z.object({
  total: z.int().min(0),
  running: z.int().min(0),
  succeeded: z.int().min(0),
  failed: z.int().min(0).describe('Failed or timed out.'),
  cancelled: z.int().min(0),
});
export type IterationCounts = z.infer<typeof iterationCounts>;

export const actionStatus = z.object({
  status: actionState,
  startedAt: instant.optional(),
  endedAt: instant.optional(),
  run: z.string().optional().describe('Of a desktop-flow action: its desktop-flow run.'),
  earlierRuns: z.array(z.string()).optional().describe('Desktop-flow runs of the tries before.'),
  iterations: iterationCounts.optional().describe('Of a loop.'),
  outputs: z.unknown().optional(),
  error: errorInfoSchema.optional(),
});
export type ActionStatus = z.infer<typeof actionStatus>;

/** Custom status of the orchestration `cloud-flow-run`: what GET /api/runs/{id} shows while it goes on. */
export const cloudRunStatus = z.object({
  state: cloudRunState,
  actions: z.record(z.string(), actionStatus),
  error: errorInfoSchema.optional(),
  /** Orchestrations that walk parts of it now; the custom status of each has the same shape. */
  parts: z.array(z.string()).optional(),
});
export type CloudRunStatus = z.infer<typeof cloudRunStatus>;

/** Since when a run's processes stand still, and who wanted that. */
export const pausedSince = z.object({ since: instant, by: z.string().optional() });
export type PausedSince = z.infer<typeof pausedSince>;

/** Custom status of the orchestration `desktop-flow-run`. */
export const desktopRunStatus = z.object({
  state: desktopRunState,
  machine: z.string().optional(),
  queue: z.string().optional(),
  error: errorInfoSchema.optional(),
  paused: pausedSince.optional(),
  timeline: z.array(timelineEntry),
});
export type DesktopRunStatus = z.infer<typeof desktopRunStatus>;

/** Result of `desktop-flow-run`, handed to the parent. */
export const desktopRunResult = z.object({
  state: z.enum(['Succeeded', 'Failed', 'Cancelled', 'TimedOut']),
  outputs: z.record(z.string(), z.unknown()).optional(),
  error: errorInfoSchema.optional(),
  machine: z.string().optional(),
});
export type DesktopRunResult = z.infer<typeof desktopRunResult>;
