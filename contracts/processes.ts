import { z } from 'zod';
import { jsonSchema } from './desktop-flow';
import { errorInfoSchema } from './agent-protocol';
import { instant, resourceName, runId } from './ids';

/*
 * Business process flows (row A4): named stages that a case goes through, with data to gather and flows to run in each.
 *
 * GET    /api/processes                                         processList
 * PUT    /api/processes/{process}                               processDefinition → processDefinition
 * GET    /api/processes/{process}                               processDefinition
 * DELETE /api/processes/{process}                               204; cases that have begun go on
 * GET    /api/processes/{process}/cases?state=…                 caseList
 * POST   /api/processes/{process}/cases                         caseBody → 201 caseView
 * GET    /api/processes/{process}/cases/{case}                  caseView
 * PATCH  /api/processes/{process}/cases/{case}                  { data } → caseView
 * POST   /api/processes/{process}/cases/{case}/advance|back|abandon|run   caseStep → caseView
 */

const stepName = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'use letters, digits and underscores, no digit first');

const stageFlow = z.strictObject({
  flow: resourceName,
  on: z
    .enum(['entry', 'exit', 'demand'])
    .describe('When the stage is entered, when it is left, or when a person asks for it.'),
  wait: z.boolean().default(false).describe('The stage is left only when its latest run has succeeded.'),
  inputs: z
    .record(z.string(), z.unknown())
    .optional()
    .describe(
      "Input of the flow; expressions see the case's data: \"@triggerBody()?['amount']\". Default: the data.",
    ),
});
export type StageFlow = z.infer<typeof stageFlow>;

const stage = z.strictObject({
  name: resourceName,
  description: z.string().max(500).optional(),
  steps: z
    .array(
      z.strictObject({
        name: stepName.describe('The piece of data that the step gathers.'),
        description: z.string().max(500).optional(),
        required: z.boolean().default(false).describe('The stage is left only with it.'),
        schema: jsonSchema.optional().describe('JSON Schema of the piece of data.'),
      }),
    )
    .max(50)
    .default([]),
  flows: z.array(stageFlow).max(20).default([]),
});
export type Stage = z.infer<typeof stage>;

export const processDefinition = z
  .strictObject({
    name: resourceName,
    description: z.string().max(500).optional(),
    stages: z.array(stage).min(1).max(30),
  })
  .superRefine(({ stages }, context) => {
    const twice = (names: string[], path: PropertyKey[], what: string): void => {
      for (const name of new Set(names.filter((other, at) => names.indexOf(other) !== at))) {
        context.addIssue({ code: 'custom', path, message: `names the ${what} ${name} twice` });
      }
    };
    twice(
      stages.map(({ name }) => name),
      ['stages'],
      'stage',
    );
    twice(
      stages.flatMap(({ steps }) => steps.map(({ name }) => name)),
      ['stages'],
      'step',
    );
    stages.forEach(({ flows }, at) =>
      twice(
        flows.map(({ flow }) => flow),
        ['stages', at, 'flows'],
        'flow',
      ),
    );
  });
export type ProcessDefinition = z.infer<typeof processDefinition>;

export const processList = z.object({
  processes: z.array(
    z.object({ name: z.string(), description: z.string().optional(), stages: z.array(z.string()) }),
  ),
});
export type ProcessList = z.infer<typeof processList>;

const caseData = z.record(z.string(), z.unknown());

export const caseBody = z.strictObject({
  title: z.string().max(200).default(''),
  data: caseData.default({}),
});
export const caseDataBody = z.strictObject({
  data: caseData.describe('Pieces of data to change; null removes one.'),
});
export const caseStep = z.strictObject({ reason: z.string().max(500).optional() });
export const caseRunBody = z.strictObject({ flow: resourceName.describe('A flow of the stage.') });

export const caseState = z.enum(['open', 'leaving', 'finished', 'abandoned']);
export type CaseState = z.infer<typeof caseState>;

export const caseRun = z.object({
  flow: z.string(),
  stage: z.string(),
  on: stageFlow.shape.on,
  wait: z.boolean(),
  at: instant,
  run: runId.optional().describe('Absent until it has been started, and when its flow refused it.'),
  state: z.string(),
  error: errorInfoSchema.optional(),
});
export type CaseRun = z.infer<typeof caseRun>;

const historyEntry = z.object({
  at: instant,
  by: z.string(),
  what: z.string(),
  stage: z.string(),
  reason: z.string().optional(),
});

export const caseView = z.object({
  id: z.string(),
  process: z.string(),
  title: z.string(),
  state: caseState.describe('`leaving`: the flows that run on leaving a stage have not ended.'),
  stage: z.string(),
  stages: z.array(z.string()),
  data: caseData,
  missing: z.array(z.string()).describe('What the stage waits for before it may be left.'),
  runs: z.array(caseRun),
  history: z.array(historyEntry),
  createdAt: instant,
});
export type CaseView = z.infer<typeof caseView>;

export const caseList = z.object({
  cases: z.array(caseView.pick({ id: true, title: true, state: true, stage: true, createdAt: true })),
  continuation: z.string().optional(),
});
export type CaseList = z.infer<typeof caseList>;

export const caseQuery = z.strictObject({
  state: caseState.optional(),
  top: z.coerce.number().int().min(1).max(100).default(50),
  continuation: z.string().max(200).optional(),
});
