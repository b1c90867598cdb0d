import { z } from 'zod';
import {
  artifactList,
  cancelAccepted,
  cancelBody,
  controlAccepted,
  controlBody,
  type DesktopRunView,
  runList,
  runListQuery,
  runLog,
  runLogQuery,
  runView,
  stopBody,
} from '../api-runs';
import { contentHash, desktopRunId, runId } from '../ids';
import { runActions, runActionsQuery } from '../api-run-actions';
import { runAccepted, runFlowHeaders } from '../api-flows';
import { CSV_ID, DESKTOP_RUN, ENDED_RUN, MACHINE, NOW, REQUESTED, RUN, STARTED } from './examples';
import { answer, bytesAnswer, jsonBody, jsonBodyErrors, type Operation, parameters } from './operation';

const anyRun = z
  .union([runId, desktopRunId])
  .describe('Id of a cloud-flow run or of a desktop-flow run (<run>-<n>).');
const run = parameters(z.object({ run: anyRun }), { run: RUN });
const desktopRun = parameters(z.object({ run: anyRun }), { run: DESKTOP_RUN });

const child: DesktopRunView = {
  run: DESKTOP_RUN,
  kind: 'desktop',
  parent: RUN,
  desktopFlow: 'invoices',
  status: 'Running',
  requestedAt: REQUESTED,
  queue: MACHINE,
  machine: MACHINE,
  progress: { at: NOW, subflow: 'Main', action: 'Check rows', percent: 40 },
  timeline: [
    { at: REQUESTED, what: 'queued', actor: 'owner' },
    { at: STARTED, what: 'started' },
  ],
};

export const runOperations: readonly Operation[] = [
  {
    name: 'list-runs',
    method: 'GET',
    route: 'runs',
    tag: 'Runs',
    summary: 'List runs, newest first',
    description:
      'Cloud-flow runs; desktop-flow runs when `desktopFlow`, `machine` or `group` is given. A page may be short while there is more: go on until no `continuation` comes.',
    access: 'key',
    query: parameters(runListQuery, { status: 'Running', flow: 'process-invoices', top: 5 }),
    answers: [
      answer({ what: 'One page of runs.' }, runList, {
        runs: [
          {
            run: RUN,
            kind: 'cloud',
            flow: 'process-invoices',
            status: 'Running',
            requestedAt: REQUESTED,
            trigger: 'Http',
            startedBy: 'owner',
          },
        ],
      }),
    ],
    errors: ['InvalidQuery'],
  },
  {
    name: 'get-run',
    method: 'GET',
    route: 'runs/{run}',
    tag: 'Runs',
    summary: 'Show a run',
    description:
      'A cloud-flow run with its actions and desktop-flow runs (`children`), or one desktop-flow run.',
    access: 'key',
    path: run,
    answers: [
      answer({ what: 'The run as it is now.' }, runView, {
        run: RUN,
        kind: 'cloud',
        flow: 'process-invoices',
        status: 'Running',
        requestedAt: REQUESTED,
        trigger: 'Http',
        startedBy: 'owner',
        input: { csv: CSV_ID },
        actions: { check: { status: 'Running', startedAt: REQUESTED, run: DESKTOP_RUN } },
        timeline: [{ at: REQUESTED, what: 'requested', actor: 'owner' }],
        children: [child],
      }),
    ],
    errors: ['RunNotFound'],
  },
  {
    name: 'get-run-logs',
    method: 'GET',
    route: 'runs/{run}/logs',
    tag: 'Runs',
    summary: 'Read the log of a desktop-flow run',
    description: 'Ask again with `after` = `next` until `complete`.',
    access: 'key',
    path: desktopRun,
    query: parameters(runLogQuery, { after: 0, top: 100 }),
    answers: [
      answer({ what: 'Lines, oldest first.' }, runLog, {
        lines: [{ at: STARTED, stream: 'out', text: 'Checking 2 rows' }],
        next: 1,
        complete: false,
      }),
    ],
    errors: ['InvalidQuery', 'RunNotFound'],
  },
  {
    name: 'list-run-actions',
    method: 'GET',
    route: 'runs/{run}/actions',
    tag: 'Runs',
    summary: 'Show what the actions of a run were given and gave',
    description:
      'Actions that have ended, in order of their start; with `parent` those inside a scope or in a round of a loop, or the rounds of a loop. `GET runs/{run}` shows those that go on. Values of more than 16,000 characters stand behind a link.',
    access: 'key',
    path: run,
    query: parameters(runActionsQuery, { top: 50 }),
    answers: [
      answer({ what: 'One page of actions.' }, runActions, {
        actions: [
          {
            parent: '',
            name: 'check',
            type: 'DesktopFlow',
            status: 'Succeeded',
            startedAt: REQUESTED,
            endedAt: NOW,
            run: DESKTOP_RUN,
            inputs: { value: { desktopFlow: 'invoices', inputs: { csv: CSV_ID } } },
            outputs: { bytes: 120_000, link: `/api/runs/${RUN}/values/${CSV_ID}` },
          },
        ],
      }),
    ],
    errors: ['InvalidQuery', 'RunNotFound'],
  },
  {
    name: 'get-run-value',
    method: 'GET',
    route: 'runs/{run}/values/{hash}',
    tag: 'Runs',
    summary: 'Read inputs or outputs that are too long for the list of actions',
    access: 'key',
    path: parameters(z.object({ run: anyRun, hash: contentHash.describe('From the link of the value.') }), {
      run: RUN,
      hash: CSV_ID,
    }),
    answers: [bytesAnswer('The value as JSON.', 'application/json', '{"rows":[]}')],
    errors: ['RunNotFound', 'FileNotFound'],
  },
  {
    name: 'list-artifacts',
    method: 'GET',
    route: 'runs/{run}/artifacts',
    tag: 'Runs',
    summary: 'List the files that a run left behind',
    description: 'Of a cloud-flow run: those of all its desktop-flow runs.',
    access: 'key',
    path: run,
    answers: [
      answer({ what: 'The files.' }, artifactList, {
        artifacts: [{ run: DESKTOP_RUN, name: 'rejects.csv', bytes: 74 }],
      }),
    ],
    errors: ['RunNotFound'],
  },
  {
    name: 'get-artifact',
    method: 'GET',
    route: 'runs/{run}/artifacts/{name}',
    tag: 'Runs',
    summary: 'Download a file that a run left behind',
    access: 'key',
    path: parameters(z.object({ run: anyRun, name: z.string().describe('Name of the file.') }), {
      run: DESKTOP_RUN,
      name: 'rejects.csv',
    }),
    answers: [bytesAnswer('The bytes.', 'application/octet-stream')],
    errors: ['RunNotFound', 'FileNotFound'],
  },
  {
    name: 'resubmit-run',
    method: 'POST',
    route: 'runs/{run}/resubmit',
    tag: 'Runs',
    summary: 'Run an ended cloud-flow run again',
    description:
      'The same trigger data against the current definition of the flow. The runs link to each other (`resubmittedFrom`, `resubmittedAs`). Trigger data is kept as long as histories.',
    access: 'key',
    path: parameters(z.object({ run: runId }), { run: ENDED_RUN }),
    headers: parameters(runFlowHeaders, { 'Idempotency-Key': 'again-1' }),
    answers: [
      answer(
        { status: 202, what: 'The new run.', headers: { Location: 'Address of the run.' } },
        runAccepted,
        {
          run: RUN,
          status: 'Running',
          links: { self: `/api/runs/${RUN}`, cancel: `/api/runs/${RUN}/cancel` },
        },
      ),
    ],
    errors: [
      'InvalidBody',
      'RunNotFound',
      'RunNotEnded',
      'TriggerDataGone',
      'FlowNotFound',
      'FlowDisabled',
      'InvalidInput',
    ],
  },
  {
    name: 'cancel-run',
    method: 'POST',
    route: 'runs/{run}/cancel',
    tag: 'Runs',
    summary: 'Cancel a run',
    description:
      'A waiting run leaves the queue; a running one is asked to stop and is killed after a grace time. A cloud-flow run cancels its desktop-flow runs.',
    access: 'key',
    path: run,
    body: jsonBody(cancelBody, { reason: 'wrong file' }, false),
    answers: [
      answer(
        { status: 202, what: 'The run has been told.', headers: { Location: 'Address of the run.' } },
        cancelAccepted,
        { run: RUN, links: { self: `/api/runs/${RUN}` } },
      ),
    ],
    errors: [...jsonBodyErrors, 'RunNotFound', 'RunAlreadyEnded'],
  },
  freezing(
    'pause',
    'Every process of the run stands still, and the run holds its machine meanwhile. Its run timeout goes on.',
  ),
  freezing('resume', 'It goes on where it stood.'),
  {
    name: 'stop-run',
    method: 'POST',
    route: 'runs/{run}/stop',
    tag: 'Runs',
    summary: 'Stop a run in one of three ways',
    description:
      'As `cancel`, with a mode. A stronger mode may follow a weaker one. A run that ends at a checkpoint keeps its outputs so far.',
    access: 'key',
    path: run,
    body: jsonBody(stopBody, { mode: 'checkpoint', reason: 'not needed' }, false),
    answers: [told([DESKTOP_RUN, RUN])],
    errors: [...jsonBodyErrors, 'RunNotFound', 'RunAlreadyEnded'],
  },
];

function freezing(what: 'pause' | 'resume', meaning: string): Operation {
  return {
    name: `${what}-run`,
    method: 'POST',
    route: `runs/{run}/${what}`,
    tag: 'Runs',
    summary: what === 'pause' ? 'Pause a run' : 'Resume a paused run',
    description: `${meaning} Of a cloud-flow run: all its desktop-flow runs that execute. Asking twice is harmless.`,
    access: 'key',
    path: run,
    body: jsonBody(controlBody, {}, false),
    answers: [told([DESKTOP_RUN])],
    errors: [...jsonBodyErrors, 'RunNotFound', 'RunAlreadyEnded', 'RunNotExecuting'],
  };
}

function told(runs: string[]): Operation['answers'][number] {
  return answer(
    { status: 202, what: 'The runs have been told.', headers: { Location: 'Address of the run.' } },
    controlAccepted,
    { run: RUN, runs, links: { self: `/api/runs/${RUN}` } },
  );
}
