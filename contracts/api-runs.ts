import { z } from 'zod';
import { errorInfoSchema, logLine, stopMode, usage } from './agent-protocol';
import { actionStatus, cloudRunState, desktopRunState, pausedSince, timelineEntry } from './runs';
import { groupId, instant, machineId, resourceName } from './ids';

/*
 * GET  /api/runs?status=&flow=&machine=…&top=       runList, newest first
 * GET  /api/runs/{run}                             runView: of a cloud-flow run or of a desktop-flow run
 * POST /api/runs/{run}/cancel                      202 cancelAccepted (row A7)
 * POST /api/runs/{run}/pause, …/resume             controlBody → 202 controlAccepted
 * POST /api/runs/{run}/stop                        stopBody → 202 controlAccepted
 * POST /api/runs/{run}/resubmit                    202 runAccepted (row A6)
 * GET  /api/runs/{run}/logs?after=&top=            runLog (desktop-flow runs)
 * GET  /api/runs/{run}/artifacts                   artifactList; of a cloud-flow run: those of all its desktop-flow runs
 * GET  /api/runs/{run}/artifacts/{name}            the bytes
 */

/** An error with the catalogue's remedy. */
export const runError = errorInfoSchema.extend({ remedy: z.string() });
export type RunError = z.infer<typeof runError>;

export const cloudRunSummary = z.object({
  run: z.string(),
  kind: z.literal('cloud'),
  flow: z.string(),
  status: cloudRunState,
  requestedAt: instant,
  endedAt: instant.optional(),
  trigger: z.string().optional(),
  startedBy: z.string().optional(),
  error: runError.optional(),
});

export const desktopRunSummary = z.object({
  run: z.string(),
  kind: z.literal('desktop'),
  parent: z.string().describe('The cloud-flow run.'),
  desktopFlow: z.string(),
  status: desktopRunState,
  requestedAt: instant,
  endedAt: instant.optional(),
  machine: z.string().optional(),
  queue: z.string().optional(),
  trigger: z
    .string()
    .optional()
    .describe(
      'Of a run that was started at its machine: Console, or Console (offline) while it was cut off.',
    ),
  startedBy: z.string().optional(),
  error: runError.optional(),
});

export const runSummary = z.discriminatedUnion('kind', [cloudRunSummary, desktopRunSummary]);
export type RunSummary = z.infer<typeof runSummary>;

export const runListQuery = z
  .strictObject({
    status: z
      .enum([...cloudRunState.options, ...desktopRunState.options])
      .optional()
      .describe('Of desktop-flow runs: only how they ended.'),
    flow: resourceName.optional().describe('Runs of this cloud flow.'),
    desktopFlow: resourceName.optional().describe('Desktop-flow runs of this desktop flow.'),
    machine: machineId.optional().describe('Desktop-flow runs that this machine was given.'),
    group: groupId.optional().describe('Desktop-flow runs that a machine of this group was given.'),
    trigger: z
      .string()
      .max(64)
      .optional()
      .describe('Kind of trigger, such as Button, Http, Recurrence or Console.'),
    startedBy: z.string().max(200).optional(),
    from: instant.optional().describe('Requested at this instant or later.'),
    to: instant.optional().describe('Requested before this instant.'),
    top: z.coerce.number().int().min(1).max(100).default(20),
    continuation: z
      .string()
      .regex(/^(\d{4}-\d{2}\|)?[0-9A-Z]{26}(-[\d.]{6,420})?$/, 'is not the continuation of an earlier answer')
      .optional()
      .describe('From the answer with the page before.'),
  })
  .superRefine((query, context) => {
    const refuse = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    const desktop = query.desktopFlow ?? query.machine ?? query.group;
    const states = desktop === undefined ? cloudRunState : desktopRunState;
    if (desktop !== undefined && query.flow !== undefined)
      refuse('flow', 'does not go with desktopFlow, machine or group');
    if (query.status !== undefined && !states.safeParse(query.status).success)
      refuse('status', `is no status of these runs: ${states.options.join(', ')}`);
    if (query.from !== undefined && query.to !== undefined && Date.parse(query.from) >= Date.parse(query.to))
      refuse('to', 'is not after from');
  });

export const runList = z.object({
  runs: z.array(runSummary),
  continuation: z
    .string()
    .optional()
    .describe('Present while there is more: the value of `continuation` for the next page.'),
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
  parent: z.string().describe('The cloud-flow run.'),
  desktopFlow: z.string().optional(),
  trigger: z.string().optional().describe('Of a run that was started at its machine.'),
  startedBy: z.string().optional().describe('Of a run that was started at its machine.'),
  status: desktopRunState,
  requestedAt: instant.optional(),
  endedAt: instant.optional(),
  queue: z.string().optional(),
  machine: z.string().optional(),
  paused: pausedSince.optional().describe('While it is paused: since when, and who wanted that.'),
  progress: progressView.optional(),
  usage: usage
    .optional()
    .describe('CPU and memory of its processes: now (while it executes), peak and in all.'),
  screenshot: z
    .union([z.object({ artifact: z.string(), href: z.string() }), z.object({ none: z.string() })])
    .optional()
    .describe('Of a failed run: the picture of its screen, or why there is none (row L8).'),
  outputs: z.record(z.string(), z.unknown()).optional(),
  error: runError.optional(),
  waitedMs: z.int().min(0).optional().describe('From its request until a machine was told to go.'),
  ranMs: z.int().min(0).optional().describe('From then to its end.'),
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
  resubmittedFrom: z.string().optional().describe('The run whose trigger data it was given.'),
  resubmittedAs: z
    .array(z.string())
    .optional()
    .describe('Runs that were given its trigger data, oldest first.'),
  input: z.unknown().optional().describe('What its trigger was given; absent when that is masked.'),
  inputMasked: z
    .literal(true)
    .optional()
    .describe('The flow keeps what its trigger was given from being shown.'),
  actions: z.record(z.string(), actionStatus),
  outputs: z.record(z.string(), z.unknown()).optional(),
  outputsMasked: z
    .array(z.string())
    .optional()
    .describe('Names of outputs that are made of secured data, and are not shown.'),
  error: runError.optional(),
  timeline: z
    .array(timelineEntry)
    .describe('Its beginning and end, and those of the actions shown, in order of time.'),
  children: z.array(desktopRunView).describe('Its desktop-flow runs, in order of scheduling.'),
});
export type CloudRunView = z.infer<typeof cloudRunView>;

export const runView = z.discriminatedUnion('kind', [cloudRunView, desktopRunView]);
export type RunView = z.infer<typeof runView>;

export const cancelBody = z.strictObject({ reason: z.string().max(500).optional() });
export const cancelAccepted = z.object({ run: z.string(), links: z.object({ self: z.string() }) });

/** Pausing and resuming need nothing more. */
export const controlBody = z.strictObject({});
export const stopBody = cancelBody.extend({
  mode: stopMode
    .default('ask')
    .describe(
      'ask: killed after the grace time. checkpoint: ends where the flow looks for this. kill: at once.',
    ),
});
export const controlAccepted = z.object({
  run: z.string(),
  runs: z.array(z.string()).describe('The runs that were told.'),
  links: z.object({ self: z.string() }),
});

export const runLogQuery = z.strictObject({
  after: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('`next` of the answer before; 0: from the start.'),
  top: z.coerce.number().int().min(1).max(5_000).default(1_000),
});

export const runLog = z.object({
  lines: z.array(logLine),
  next: z.int().min(0).describe('Value of `after` for what comes next.'),
  complete: z.boolean().describe('The run has ended and these are its last lines.'),
});
export type RunLog = z.infer<typeof runLog>;

export const artifactList = z.object({
  artifacts: z.array(z.object({ run: z.string(), name: z.string(), bytes: z.int().min(0) })),
});
export type ArtifactList = z.infer<typeof artifactList>;
