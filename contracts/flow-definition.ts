import { z } from 'zod';
import { jsonSchema } from './desktop-flow';
import { flowActions } from './flow-definition/control-actions';
import { flowParameter } from './flow-definition/parameters';
import { resourceName } from './ids';
import { eventTrigger, recurrenceTrigger, triggerBase } from './triggers';

export const requestTrigger = z.strictObject({
  type: z.literal('Request'),
  ...triggerBase,
  kind: z.enum(['Button', 'Http']).default('Button'),
  inputs: z.strictObject({ schema: jsonSchema }).optional(),
});

const flowTrigger = z.discriminatedUnion('type', [requestTrigger, recurrenceTrigger, eventTrigger], {
  error: 'is not a type of trigger that is supported: Request, Recurrence, Event',
});
export type FlowTrigger = z.infer<typeof flowTrigger>;

/** A cloud flow in the Workflow Definition Language, as far as it is supported. */
export const flowDefinition = z.strictObject({
  $schema: z.string().optional().describe('For editors; not read.'),
  contentVersion: z.string().optional().describe('Of your own counting; not read.'),
  name: resourceName,
  description: z.string().max(500).optional(),
  parameters: z.record(z.string().min(1).max(80), flowParameter).optional(),
  triggers: z
    .record(z.string(), flowTrigger)
    .refine((all) => Object.keys(all).length === 1, 'name exactly one trigger'),
  actions: flowActions.refine((all) => Object.keys(all).length > 0, 'name at least one action'),
  outputs: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("What the run answers with; expressions over the actions' outputs."),
});
export type FlowDefinition = z.infer<typeof flowDefinition>;
