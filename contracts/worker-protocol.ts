import { z } from 'zod';
import { desktopRunId } from './ids';
import { errorInfoSchema, logLine, usage } from './agent-protocol';
import { desktopFlowManifest } from './desktop-flow';

/**
 * The agent's two inner boundaries, JSON lines both.
 *
 * listener → worker (standard input): start, stop. worker → listener (standard output): log, progress, usage, ended. That is all:
 * pause, resume and kill are done to the worker's whole process group, and the end of standard input means kill.
 *
 * desktop flow → worker (pipe 3 of the flow's program, or lines of `messagesFile`): `flowMessage`.
 */

/** Everything a worker needs to execute one run; paths are absolute. */
export const workerJob = z.object({
  run: desktopRunId,
  mode: z.enum(['attended', 'unattended']),
  manifest: desktopFlowManifest,
  /** The unpacked desktop flow, read-only. */
  packageFolder: z.string(),
  /** Working folder of the run: the program's current directory. */
  workFolder: z.string(),
  /** What lies here when the program ends is uploaded. */
  artifactsFolder: z.string(),
  /** JSON file with the inputs, files already replaced by paths. */
  inputsFile: z.string(),
  /** A flow that cannot write to pipe 3 appends its messages here. */
  messagesFile: z.string(),
  /** Exists as soon as the run is asked to end: what a checkpoint looks for. */
  stopFile: z.string(),
  /** The agent's helper modules (agent/helpers). */
  helpersFolder: z.string(),
  env: z.record(z.string(), z.string()),
  /** More processes than that end the run. */
  maxProcesses: z.int().min(1),
  /** Row C3: false refuses to run with the privileges of an administrator. */
  allowElevated: z.boolean(),
});
export type WorkerJob = z.infer<typeof workerJob>;

/** Listener to worker. */
export const workerCommand = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start'), job: workerJob }),
  /** checkpoint: leave the sign that checkpoints look for. ask: that, and a signal; the listener kills when the grace time is over. */
  z.object({ type: z.literal('stop'), mode: z.enum(['checkpoint', 'ask']) }),
]);
export type WorkerCommand = z.infer<typeof workerCommand>;

export const flowProgress = z.object({
  subflow: z.string().max(200).optional(),
  action: z.string().max(200).optional(),
  percent: z.number().min(0).max(100).optional(),
  message: z.string().max(1_000).optional(),
});
export type FlowProgress = z.infer<typeof flowProgress>;

/** What the worker found when the program had ended. */
export const workerResult = z.object({
  outcome: z.enum(['Succeeded', 'Failed', 'Stopped']),
  outputs: z.record(z.string(), z.unknown()).optional(),
  error: errorInfoSchema.optional(),
  usage: usage.optional(),
});
export type WorkerResult = z.infer<typeof workerResult>;

/** Worker to listener. */
export const workerMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('log'), lines: z.array(logLine), dropped: z.int().min(0) }),
  z.object({ type: z.literal('progress'), progress: flowProgress }),
  z.object({ type: z.literal('usage'), usage }),
  z.object({ type: z.literal('ended'), result: workerResult }),
]);
export type WorkerMessage = z.infer<typeof workerMessage>;

/** Desktop flow to worker, one JSON object a line. Anything else is logged and otherwise ignored. */
export const flowMessage = z.discriminatedUnion('type', [
  flowProgress.extend({ type: z.literal('progress') }),
  z.object({ type: z.literal('output'), name: z.string().min(1).max(200), value: z.unknown() }),
  z.object({ type: z.literal('outputs'), values: z.record(z.string(), z.unknown()) }),
  z.object({
    type: z.literal('error'),
    /** The flow's own code; shown as the sub-code of DesktopFlowFailed. */
    code: z.string().max(200).optional(),
    message: z.string(),
    details: z.string().optional(),
  }),
  /** The flow was asked to stop and ends here, at a checkpoint. */
  z.object({ type: z.literal('stopped') }),
  /** For programs that hand their work to another one: it is done (the pad runner waits for this). */
  z.object({ type: z.literal('end') }),
]);
