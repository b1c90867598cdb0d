import { z } from 'zod';
import {
  flowList,
  flowSet,
  flowSetHeaders,
  flowSetResult,
  flowView,
  runAccepted,
  runFlowHeaders,
  runFlowQuery,
  uploadedFile,
} from '../api-flows';
import { flowDefinition } from '../flow-definition';
import { resourceName } from '../ids';
import {
  CSV,
  CSV_ID,
  definition,
  DEFINITION_HASH,
  definitionBody,
  inputSchema,
  REQUESTED,
  RUN,
} from './examples';
import { answer, bytesBody, jsonBody, type Operation, parameters } from './operation';

const flow = parameters(z.object({ flow: resourceName.describe('Name of the cloud flow.') }), {
  flow: 'process-invoices',
});

const summary = {
  name: 'process-invoices',
  description: 'Checks a CSV of invoices and adds them up.',
  trigger: 'Http' as const,
  hash: DEFINITION_HASH,
  updatedAt: REQUESTED,
  state: 'enabled' as const,
};
const view = { ...summary, inputs: inputSchema, definition };

/** What a request's free-form input looks like in the document. */
export const runInput = z
  .unknown()
  .describe("Any JSON that fits the trigger's schema (`inputs` of the flow). Nothing at all is `{}`.");

export const flowOperations: readonly Operation[] = [
  {
    name: 'put-flow',
    method: 'PUT',
    route: 'flows/{flow}',
    tag: 'Flows',
    summary: 'Make a definition the current one',
    description: 'Runs that go on keep the definition that they were started with.',
    access: 'key',
    path: flow,
    body: jsonBody(flowDefinition, definitionBody),
    answers: [answer({ what: 'The flow as stored.' }, flowView, view)],
    errors: ['InvalidDefinition', 'MalformedJson', 'BodyTooLarge'],
  },
  {
    name: 'put-flows',
    method: 'PUT',
    route: 'flows',
    tag: 'Flows',
    summary: 'Make a set of definitions the current ones',
    description:
      'All or none. What is as it was is not written. `If-Match` with the ETag of the list refuses the set when a flow was changed since; of two sets that change the same flow at once, one is refused.',
    access: 'key',
    headers: parameters(flowSetHeaders, {}),
    body: jsonBody(flowSet, { flows: [definitionBody] }),
    answers: [
      answer({ what: 'What was changed, or would be.' }, flowSetResult, {
        applied: true,
        changes: [{ name: 'process-invoices', change: 'none', hash: DEFINITION_HASH, was: DEFINITION_HASH }],
      }),
    ],
    errors: ['InvalidBody', 'InvalidDefinition', 'Conflict', 'MalformedJson', 'BodyTooLarge'],
  },
  {
    name: 'list-flows',
    method: 'GET',
    route: 'flows',
    tag: 'Flows',
    summary: 'List cloud flows',
    access: 'key',
    answers: [
      answer({ what: 'All cloud flows.', headers: { ETag: 'For `If-Match` of a set.' } }, flowList, {
        flows: [summary],
      }),
    ],
    errors: [],
  },
  {
    name: 'get-flow',
    method: 'GET',
    route: 'flows/{flow}',
    tag: 'Flows',
    summary: 'Show a cloud flow with its definition',
    access: 'key',
    path: flow,
    answers: [answer({ what: 'The flow.' }, flowView, view)],
    errors: ['FlowNotFound'],
  },
  {
    name: 'upload-file',
    method: 'POST',
    route: 'files',
    tag: 'Flows',
    summary: 'Upload a file to pass to a run',
    description:
      'Its id is the SHA-256 of its bytes: the same file is kept once. Inputs with `format: file` take the id.',
    access: 'key',
    body: bytesBody('application/octet-stream', CSV),
    answers: [answer({ status: 201, what: 'The file is kept.' }, uploadedFile, { id: CSV_ID, bytes: 110 })],
    errors: ['BodyTooLarge'],
  },
  {
    name: 'run-flow',
    method: 'POST',
    route: 'flows/{flow}/run',
    tag: 'Flows',
    summary: 'Start a run',
    description:
      'The run goes on by itself; look at it under `Location`. With an `Idempotency-Key` the request can be repeated without starting a second run, for 30 days. Values for secure parameters are refused, since addresses are logged.',
    access: 'key',
    path: flow,
    headers: parameters(runFlowHeaders, { 'Idempotency-Key': 'invoices 2026-03-02' }),
    query: parameters(runFlowQuery, {}),
    body: jsonBody(runInput, { csv: CSV_ID }, false),
    answers: [
      answer(
        { status: 202, what: 'The run has been started.', headers: { Location: 'Address of the run.' } },
        runAccepted,
        {
          run: RUN,
          status: 'Running',
          links: { self: `/api/runs/${RUN}`, cancel: `/api/runs/${RUN}/cancel` },
        },
      ),
    ],
    errors: [
      'FlowNotFound',
      'FlowDisabled',
      'InvalidInput',
      'InvalidParameters',
      'InvalidQuery',
      'IdempotencyKeyReused',
      'InvalidBody',
      'MalformedJson',
      'BodyTooLarge',
    ],
  },
];
