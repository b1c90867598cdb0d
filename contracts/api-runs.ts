import { z } from 'zod';
import { errorInfoSchema, logLine } from './agent-protocol';
import { instant } from './ids';
import { actionStatus, cloudRunState, desktopRunState, timelineEntry } from './runs';

/*
 * GET  /api/runs?state=&flow=&top=&continuation=   runList, newest first
 * GET  /api/runs/{run}                             runView: of a cloud-flow run or of a desktop-flow run
 * POST /api/runs/{run}/cancel                      202 cancelAccepted (row A7)
 * GET  /api/runs/{run}/logs?after=&top=            runLog (desktop-flow runs)
 * GET  /api/runs/{run}/artifacts                   artifactList; of a cloud-flow run: those of all its desktop-flow runs
 * GET  /api/runs/{run}/artifacts/{name}            the bytes
 */

/** An error with the catalogue's remedy. */
export const runError = errorInfoSchema.extend({ remedy: z.string() });
export type RunError = z.infer<typeof runError>;

export const runSummary = z.object({
  run: z.string(),
  flow: z.string(),
  status: cloudRunState,
  requestedAt: instant,
  endedAt: instant.optional(),
  trigger: z.string().optional(),
  startedBy: z.string().optional(),
  error: runError.optional(),
});
export type RunSummary = z.infer<typeof runSummary>;

export const runList = z.object({
  runs: z.array(runSummary),
  /** Present while there is more: the value of `continuation` for the next page. */
  continuation: z.string().optional(),
});
export type RunList = z.infer<typeof runList>;

/** What a desktop flow is doing right now, as it said last. */
export const progressView = z.object({
  at: instant,
  subflow: z.string().optional(),
  action: z.string().optional(),
  percent: z.number().optional(),
  message: z.string().optional(),
});
export type ProgressView = z.infer<typeof progressView>;

export const desktopRunView = z.object({
  run: z.string(),
  kind: z.literal('desktop'),
  /** The cloud-flow run. */
  parent: z.string(),
  desktopFlow: z.string().optional(),
  status: desktopRunState,
  requestedAt: instant.optional(),
  endedAt: instant.optional(),
  queue: z.string().optional(),
  machine: z.string().optional(),
  progress: progressView.optional(),
  outputs: z.record(z.string(), z.unknown()).optional(),
  error: runError.optional(),
  timeline: z.array(timelineEntry).optional(),
});
export type DesktopRunView = z.infer<typeof desktopRunView>;

export const cloudRunView = z.object({
  run: z.string(),
  kind: z.literal('cloud'),
  flow: z.string(),
  status: cloudRunState,
  requestedAt: instant,
  endedAt: instant.optional(),
  trigger: z.string().optional(),
  startedBy: z.string().optional(),
  input: z.unknown().optional(),
  actions: z.record(z.string(), actionStatus),
  outputs: z.record(z.string(), z.unknown()).optional(),
  error: runError.optional(),
  /** Its desktop-flow runs, in order of scheduling. */
  children: z.array(desktopRunView),
});
export type CloudRunView = z.infer<typeof cloudRunView>;

export const runView = z.discriminatedUnion('kind', [cloudRunView, desktopRunView]);
export type RunView = z.infer<typeof runView>;

export const cancelBody = z.strictObject({ reason: z.string().max(500).optional() });
export const cancelAccepted = z.object({ run: z.string(), links: z.object({ self: z.string() }) });

export const runLog = z.object({
  lines: z.array(logLine),
  /** Value of `after` for what comes next. */
  next: z.int().min(0),
  /** The run has ended and these are its last lines. */
  complete: z.boolean(),
});
export type RunLog = z.infer<typeof runLog>;

export const artifactList = z.object({
  artifacts: z.array(z.object({ run: z.string(), name: z.string(), bytes: z.int().min(0) })),
});
export type ArtifactList = z.infer<typeof artifactList>;
