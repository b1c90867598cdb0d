import { z } from 'zod';
import { resourceName } from '../ids';
import {
  caseBody,
  caseDataBody,
  caseList,
  caseQuery,
  caseRunBody,
  caseStep,
  caseView,
  processDefinition,
  processList,
  type CaseView,
} from '../processes';
import { CASE, NOW, PROCESS, processExample } from './examples';
import { answer, jsonBody, jsonBodyErrors, type Operation, parameters } from './operation';

const ofProcess = z.object({ process: resourceName.describe('Name of the business process flow.') });
const process = parameters(ofProcess, { process: PROCESS });
const ofCase = parameters(ofProcess.extend({ case: z.string().describe('Id of the case.') }), {
  process: PROCESS,
  case: CASE,
});

const view: CaseView = {
  id: CASE,
  process: PROCESS,
  title: 'Order 4711',
  state: 'open',
  stage: 'check',
  stages: ['intake', 'check'],
  data: { customer: 'Contoso' },
  missing: [],
  runs: [],
  history: [{ at: NOW, by: 'owner', what: 'began', stage: 'intake' }],
  createdAt: NOW,
};
const shown = answer({ what: 'The case as it is now.' }, caseView, view);
const changing = [...jsonBodyErrors, 'CaseNotFound', 'CaseRefused'] as const;

export const processOperations: readonly Operation[] = [
  {
    name: 'list-processes',
    method: 'GET',
    route: 'processes',
    tag: 'Business process flows',
    summary: 'List business process flows',
    access: 'key',
    answers: [
      answer({ what: 'All of them.' }, processList, {
        processes: [{ name: PROCESS, stages: ['intake', 'check'] }],
      }),
    ],
    errors: [],
  },
  {
    name: 'put-process',
    method: 'PUT',
    route: 'processes/{process}',
    tag: 'Business process flows',
    summary: 'Create or change a business process flow',
    description: 'Cases that have begun keep the definition that they began with.',
    access: 'key',
    path: process,
    body: jsonBody(processDefinition, processExample),
    answers: [answer({ what: 'The definition.' }, processDefinition, processExample)],
    errors: jsonBodyErrors,
  },
  {
    name: 'get-process',
    method: 'GET',
    route: 'processes/{process}',
    tag: 'Business process flows',
    summary: 'Show a business process flow',
    access: 'key',
    path: process,
    answers: [answer({ what: 'The definition.' }, processDefinition, processExample)],
    errors: ['ProcessNotFound'],
  },
  {
    name: 'delete-process',
    method: 'DELETE',
    route: 'processes/{process}',
    tag: 'Business process flows',
    summary: 'Delete a business process flow',
    description: 'Cases that have begun go on.',
    access: 'key',
    path: process,
    answers: [{ status: 204, what: 'It is deleted.' }],
    errors: ['ProcessNotFound'],
  },
  {
    name: 'list-cases',
    method: 'GET',
    route: 'processes/{process}/cases',
    tag: 'Business process flows',
    summary: 'List the cases of a business process flow, latest first',
    access: 'key',
    path: process,
    query: parameters(caseQuery, { state: 'open', top: 50 }),
    answers: [
      answer({ what: 'A page of cases.' }, caseList, {
        cases: [{ id: CASE, title: 'Order 4711', state: 'open', stage: 'check', createdAt: NOW }],
      }),
    ],
    errors: ['ProcessNotFound', 'InvalidQuery'],
  },
  {
    name: 'begin-case',
    method: 'POST',
    route: 'processes/{process}/cases',
    tag: 'Business process flows',
    summary: 'Begin a case in the first stage',
    access: 'key',
    path: process,
    body: jsonBody(caseBody, { title: 'Order 4712', data: { customer: 'Fabrikam' } }, false),
    answers: [
      answer({ status: 201, what: 'The case.', headers: { Location: 'Address of the case.' } }, caseView, {
        ...view,
        title: 'Order 4712',
        stage: 'intake',
      }),
    ],
    errors: [...jsonBodyErrors, 'ProcessNotFound'],
  },
  {
    name: 'get-case',
    method: 'GET',
    route: 'processes/{process}/cases/{case}',
    tag: 'Business process flows',
    summary: 'Show a case: its stage, what it waits for, its runs and history',
    access: 'key',
    path: ofCase,
    answers: [shown],
    errors: ['CaseNotFound'],
  },
  {
    name: 'patch-case',
    method: 'PATCH',
    route: 'processes/{process}/cases/{case}',
    tag: 'Business process flows',
    summary: 'Change pieces of data of a case',
    access: 'key',
    path: ofCase,
    body: jsonBody(caseDataBody, { data: { customer: 'Contoso' } }),
    answers: [shown],
    errors: changing,
  },
  act('advance', 'advance-case', 'Take a case through the gate into its next stage'),
  act('back', 'go-back-case', 'Take a case back into the stage before'),
  act('abandon', 'abandon-case', 'End a case without going through'),
  {
    name: 'run-case-flow',
    method: 'POST',
    route: 'processes/{process}/cases/{case}/run',
    tag: 'Business process flows',
    summary: 'Run a flow of the stage: an on-demand step, or one of entry once more',
    access: 'key',
    path: ofCase,
    body: jsonBody(caseRunBody, { flow: 'every-ten-minutes' }),
    answers: [shown],
    errors: changing,
  },
];

function act(verb: 'advance' | 'back' | 'abandon', name: string, summary: string): Operation {
  return {
    name,
    method: 'POST',
    route: `processes/{process}/cases/{case}/${verb}`,
    tag: 'Business process flows',
    summary,
    access: 'key',
    path: ofCase,
    body: jsonBody(caseStep, { reason: 'as agreed' }, false),
    answers: [
      answer({ what: 'The case as it is now.' }, caseView, {
        ...view,
        stage: expectedStage(verb),
        state: expectedState(verb),
      }),
    ],
    errors: changing,
  };
}

function expectedStage(verb: 'advance' | 'back' | 'abandon'): string {
  return verb === 'back' ? 'intake' : 'check';
}

function expectedState(verb: 'advance' | 'back' | 'abandon'): CaseView['state'] {
  return { advance: 'finished', back: 'open', abandon: 'abandoned' }[verb] as CaseView['state'];
}
