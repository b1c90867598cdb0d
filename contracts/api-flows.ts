import { z } from 'zod';
import { desktopFlowManifest, jsonSchema } from './desktop-flow';
import { flowDefinition } from './flow-definition';
import { contentHash, instant, resourceName, runId } from './ids';

/*
 * GET  /api/flows                flowList
 * GET  /api/flows/{flow}         flowView
 * PUT  /api/flows                flowSet → flowSetResult; header If-Match
 * PUT  /api/flows/{flow}         a flow definition → flowView
 * DELETE /api/flows/{flow}       204
 * POST /api/flows/{flow}/enable  flowView; so does …/disable
 * POST /api/flows/{flow}/run     the trigger's input → 202 runAccepted; header Idempotency-Key (row A1), runFlowQuery
 * GET  /api/desktop-flows        desktopFlowList
 * GET  /api/desktop-flows/{name} desktopFlowView
 * PUT  /api/desktop-flows/{name} a zip with desktop-flow.yaml at its top → desktopFlowView
 * POST /api/files                any bytes → 201 uploadedFile
 */

const flowTriggerKind = z.enum(['Button', 'Http', 'Recurrence', 'Event']);
export type FlowTriggerKind = z.infer<typeof flowTriggerKind>;

export const flowSummary = z.object({
  name: resourceName,
  description: z.string().optional(),
  trigger: flowTriggerKind,
  hash: contentHash.describe('SHA-256 of the definition.'),
  updatedAt: instant,
  state: z.enum(['enabled', 'disabled']).describe('A disabled flow starts no runs.'),
  disabled: z
    .object({ reason: z.enum(['ByPerson', 'ConsecutiveFailures']), by: z.string(), at: instant })
    .optional()
    .describe('Why and since when, while it is.'),
});

export const flowView = flowSummary.extend({
  inputs: jsonSchema.optional().describe('JSON Schema of the input; absent: anything goes.'),
  definition: flowDefinition,
});
export type FlowView = z.infer<typeof flowView>;

export const flowList = z.object({ flows: z.array(flowSummary) });
export type FlowList = z.infer<typeof flowList>;

/** Flows that a set holds at most: what tables change in one go. */
export const MOST_FLOWS_OF_A_SET = 100;

export const flowSet = z.strictObject({
  flows: z.array(flowDefinition).max(MOST_FLOWS_OF_A_SET).describe('Definitions, each name once.'),
  prune: z.boolean().default(false).describe('Delete the flows that the set does not hold.'),
  dryRun: z.boolean().default(false).describe('Only say what would be changed.'),
});

export const flowSetHeaders = z.object({
  'If-Match': z
    .string()
    .max(200)
    .optional()
    .describe('ETag of GET flows: refused when a flow was changed since.'),
});

export const flowSetResult = z.object({
  applied: z.boolean().describe('False for a dry run.'),
  changes: z.array(
    z.object({
      name: resourceName,
      change: z.enum(['create', 'update', 'delete', 'none']),
      hash: contentHash.optional().describe('Of the definition in the set.'),
      was: contentHash.optional().describe('Of the definition that is or was the current one.'),
    }),
  ),
});
export type FlowSetResult = z.infer<typeof flowSetResult>;

/** Row A1: the same key never starts two runs; its claim is kept for 30 days. */
export const runFlowHeaders = z.object({
  'Idempotency-Key': z
    .string()
    .max(256)
    .optional()
    .describe('Repeating a request with the same key and body is answered alike and starts nothing anew.'),
});

export const runFlowQuery = z.object({
  parameters: z
    .string()
    .max(4_000)
    .optional()
    .describe(
      "A JSON object with values for the flow's parameters; those that it does not name have their defaults.",
    ),
});

export const runAccepted = z.object({
  run: runId,
  status: z.literal('Running'),
  links: z.object({ self: z.string(), cancel: z.string() }),
});
export type RunAccepted = z.infer<typeof runAccepted>;

export const desktopFlowView = desktopFlowManifest.extend({
  package: contentHash.describe('SHA-256 of the zip.'),
  updatedAt: instant,
});
export type DesktopFlowView = z.infer<typeof desktopFlowView>;

export const desktopFlowList = z.object({ desktopFlows: z.array(desktopFlowView) });
export type DesktopFlowList = z.infer<typeof desktopFlowList>;

export const uploadedFile = z.object({ id: contentHash, bytes: z.int().min(0) });
export type UploadedFile = z.infer<typeof uploadedFile>;
