import type { ProcessDefinition } from '../processes';
import type { z } from 'zod';
import type { MachineReport } from '../agent-protocol';
import type { DesktopFlowManifest } from '../desktop-flow';
import type { FlowDefinition, flowDefinition } from '../flow-definition';

/*
 * One small story that all examples of the API's description tell: a CSV of invoices is checked on the machine
 * `front-desk`. Requests made of these values work one after the other; a test sends them to the app.
 */

export const MACHINE = 'm-01kjm4vp60693jympshmdhc32q';
export const RUN = '01KJPRZB00KKTHB07AQZXXWX30';
export const DESKTOP_RUN = `${RUN}-1`;
/** Somebody at the machine has started it. */
export const CONSOLE_RUN = '01KJPRZB80KKTHB07AQZXXWX30-1';

/** The group has the machine `back-office`; a run waits in its queue. */
export const GROUP = 'g-01kjm5x2e8v3q7c1n9r4t6w0zb';
export const EMPTY_GROUP = 'g-01kjm6a4h1d8s5f2k7p3y9m0xc';
export const MEMBER = 'm-01kjm5r9b2t6h4w8z1c7n3q5xd';
export const GROUP_RUN = '01KJPRZA00KKTHB07AQZXXWX30-1';

/** The gateway leads to the machine `front-desk` and is a member of the cluster. */
export const GATEWAY = 'front-desk';
export const CLUSTER = 'offices';

export const CONNECTION_TEST = 'ct-01kjprzb00kkthb07aqzxxwx30';

/** The subscription has a delivery that was given up. */
export const SUBSCRIPTION = 'erp';
export const DEAD_EVENT = '1772438403450-01KJPRZA00KKTHB07AQZXXWX30-failed';
/** Comes at half past two by the clocks of Berlin. */
export const NIGHTLY_FLOW = 'nightly';

/** Failed, because its desktop flow was not there. */
export const ENDED_RUN = '01KJPRZ900KKTHB07AQZXXWX30';

export const REQUESTED = '2026-03-02T08:00:00.000Z';
export const STARTED = '2026-03-02T08:00:01.210Z';
export const NOW = '2026-03-02T08:00:03.450Z';

export const CSV =
  'invoice_id,supplier,date,currency,amount\nA-1,Northwind,2026-02-27,EUR,120.50\nA-2,Contoso,2026-02-30,EUR,80.00\n';
/** SHA-256 of `CSV`. */
export const CSV_ID = 'df72b3630ff6160595a62c319fdb09fad60bccc9c2e41a51905f802825bab113';
export const DEFINITION_HASH = '4c4ed1afbfdaa1e4c3bf7bbb82d730cecb7e384da91eea4f3cc093fd545524d6';
export const PACKAGE_HASH = 'bc4a71180870f7945155fbb02f4b0a2e3faa2a62d6d31b7039013055ed19869a';

export const inputSchema = {
  type: 'object',
  properties: { csv: { type: 'string', format: 'file' } },
  required: ['csv'],
  additionalProperties: false,
};

const trigger = { type: 'Request', kind: 'Http', inputs: { schema: inputSchema } } as const;
const check = {
  desktopFlow: 'invoices',
  connection: 'front-desk',
  mode: 'unattended',
  inputs: { csv: "@triggerBody()?['csv']" },
} as const;
const outputs = { totals: "@outputs('check')?['totals']" };

/** As a person writes it: defaults left out. */
export const definitionBody: z.input<typeof flowDefinition> = {
  name: 'process-invoices',
  description: 'Checks a CSV of invoices and adds them up.',
  triggers: { http: trigger },
  actions: { check: { type: 'DesktopFlow', inputs: check, limit: { timeout: 'PT1H' } } },
  outputs,
};

/** As it is stored. */
export const definition: FlowDefinition = {
  name: 'process-invoices',
  description: 'Checks a CSV of invoices and adds them up.',
  triggers: { http: trigger },
  actions: {
    check: { type: 'DesktopFlow', inputs: { ...check, priority: 'normal' }, limit: { timeout: 'PT1H' } },
  },
  outputs,
};

export const manifest: DesktopFlowManifest = {
  name: 'invoices',
  version: '1.0.0',
  runner: 'python',
  entry: 'main.py',
  inputs: inputSchema,
};

export const report: MachineReport = {
  os: 'server2022',
  osVersion: '10.0.20348',
  agentVersion: '0.1.0',
  hostname: 'FRONT-DESK',
  maxSessions: 2,
  rds: false,
  multipleSessionsPerUser: false,
  sessions: [{ user: 'CONTOSO\\bot', userKey: 'S-1-5-21-7-1104', state: 'locked' }],
  runners: ['exec', 'python'],
};

export const PROCESS = 'orders';
export const CASE = '8000000000000a1b2c3d4';
export const processExample: ProcessDefinition = {
  name: PROCESS,
  stages: [
    { name: 'intake', steps: [{ name: 'customer', required: true }], flows: [] },
    {
      name: 'check',
      steps: [],
      flows: [{ flow: 'every-ten-minutes', on: 'demand', wait: false }],
    },
  ],
};
