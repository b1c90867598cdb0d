import { z } from 'zod';
import {
  consoleRunReport,
  consoleRunRequest,
  consoleRunStop,
  consoleRunView,
  leaseRequest,
  leaseResponse,
  registerRequest,
  registerResponse,
} from '../agent-api';
import { desktopFlowList } from '../api-flows';
import { contentHash, desktopRunId } from '../ids';
import {
  CONSOLE_RUN,
  CSV_ID,
  DESKTOP_RUN,
  MACHINE,
  manifest,
  NOW,
  PACKAGE_HASH,
  report,
  REQUESTED,
} from './examples';
import {
  answer,
  bytesAnswer,
  bytesBody,
  jsonBody,
  jsonBodyErrors,
  type Operation,
  parameters,
} from './operation';

export const INSTALLATION = '5b0e8a52-6f2b-4a55-9a3c-7a9b0c5d2e11';
/** What the agent names a run that it asks for. */
const CONSOLE_REQUEST = '01KJPRZC00KKTHB07AQZXXWX30';
/** What the agent named a run that it started by itself. */
const OFFLINE_RUN = '01KJPRZC00KKTHB07AQZXXWX31-1';
const consoleRun = parameters(z.object({ run: desktopRunId.describe('Id of the desktop-flow run.') }), {
  run: CONSOLE_RUN,
});
const offlineRun = parameters(z.object({ run: desktopRunId.describe('As the machine has named the run.') }), {
  run: OFFLINE_RUN,
});
const sas = (entity: string, right: string): string =>
  `Endpoint=sb://attendant.servicebus.windows.net/;SharedAccessSignature=SharedAccessSignature sr=${entity}&sig=…&se=1772442003&skn=${right}`;

export const agentOperations: readonly Operation[] = [
  {
    name: 'register-agent',
    method: 'POST',
    route: 'agent/register',
    tag: 'Agents',
    summary: 'Register a machine',
    description:
      'The one-time token is the credential. Asking again with the same token and key is answered alike, so a registration that was cut short is finished by repeating it.',
    access: 'anyone',
    body: jsonBody(registerRequest, {
      token: 'token-1',
      name: 'front-desk',
      publicKey: 'MCowBQYDK2VwAyEA8zY2ZyM2F08PrdGA2CdUTQTLHkc9XMGc7sPw3jqFlZs=',
      sealingKey: 'MCowBQYDK2VuAyEAq5wHMIkkzCkU8/Nuktrxe4S/hN0vdQyWloraM1ScrGY=',
      installation: INSTALLATION,
      report,
    }),
    answers: [
      answer({ status: 201, what: 'The machine is registered and has a queue.' }, registerResponse, {
        machine: MACHINE,
        epoch: 1,
      }),
    ],
    errors: [...jsonBodyErrors, 'UnsupportedOs', 'RegistrationTokenInvalid', 'MachineRevoked'],
  },
  {
    name: 'lease-agent',
    method: 'POST',
    route: 'agent/lease',
    tag: 'Agents',
    summary: "Take short-lived access to the machine's command queue",
    description: 'One agent per machine; renewed before `expiresAt`.',
    access: 'machine',
    body: jsonBody(leaseRequest, { installation: INSTALLATION }),
    answers: [
      answer({ what: 'Connection strings with a shared access signature each.' }, leaseResponse, {
        commands: { connectionString: sas(MACHINE, 'listen'), queue: MACHINE },
        events: { connectionString: sas('agent-events', 'send'), queue: 'agent-events' },
        expiresAt: '2026-03-02T09:00:03.450Z',
        serverTime: NOW,
        settings: { heartbeatMs: 30_000, goWindowMs: 600_000 },
      }),
    ],
    errors: [...jsonBodyErrors, 'AgentAlreadyRunning'],
  },
  {
    name: 'list-console-flows',
    method: 'GET',
    route: 'agent/desktop-flows',
    tag: 'Agents',
    summary: 'List what can be started at the machine',
    access: 'machine',
    answers: [
      answer({ what: 'All desktop flows.' }, desktopFlowList, {
        desktopFlows: [{ ...manifest, package: PACKAGE_HASH, updatedAt: REQUESTED }],
      }),
    ],
    errors: [],
  },
  {
    name: 'start-console-run',
    method: 'POST',
    route: 'agent/console-runs',
    tag: 'Agents',
    summary: 'Start a desktop flow at the machine',
    description:
      'For somebody at the machine. The run is attended, pinned to the machine, and waits in its queue. Asking again with the same `request` starts nothing more.',
    access: 'machine',
    body: jsonBody(consoleRunRequest, {
      request: CONSOLE_REQUEST,
      desktopFlow: 'invoices',
      inputs: { csv: CSV_ID },
      user: 'anna',
    }),
    answers: [
      answer({ status: 202, what: 'The run waits for its turn.' }, consoleRunView, {
        run: `${CONSOLE_REQUEST}-1`,
        state: 'Queued',
      }),
    ],
    errors: [...jsonBodyErrors, 'DesktopFlowNotFound'],
  },
  {
    name: 'get-console-run',
    method: 'GET',
    route: 'agent/console-runs/{run}',
    tag: 'Agents',
    summary: 'Show a run that was started at the machine',
    access: 'machine',
    path: consoleRun,
    answers: [answer({ what: 'Where it stands.' }, consoleRunView, { run: CONSOLE_RUN, state: 'Queued' })],
    errors: ['RunNotFound', 'Forbidden'],
  },
  {
    name: 'report-console-run',
    method: 'PUT',
    route: 'agent/console-runs/{run}',
    tag: 'Agents',
    summary: 'Tell of a run that the machine started while it was cut off',
    description:
      'Told when it is over, until it is answered. Told again, it changes nothing. Its files follow.',
    access: 'machine',
    path: offlineRun,
    body: jsonBody(consoleRunReport, {
      desktopFlow: { name: 'invoices', version: '1.0.0' },
      user: 'anna',
      startedAt: REQUESTED,
      endedAt: NOW,
      outcome: 'Succeeded',
      log: [{ at: REQUESTED, stream: 'out', text: '14 rows' }],
    }),
    answers: [answer({ what: 'The run is kept.' }, consoleRunView, { run: OFFLINE_RUN, state: 'Succeeded' })],
    errors: [...jsonBodyErrors, 'RunNotFound', 'Forbidden'],
  },
  {
    name: 'stop-console-run',
    method: 'POST',
    route: 'agent/console-runs/{run}/stop',
    tag: 'Agents',
    summary: 'End a run that was started at the machine',
    access: 'machine',
    path: consoleRun,
    body: jsonBody(consoleRunStop, { user: 'anna' }),
    answers: [
      answer({ status: 202, what: 'The run is told to end.' }, consoleRunView, {
        run: CONSOLE_RUN,
        state: 'Queued',
      }),
    ],
    errors: [...jsonBodyErrors, 'RunNotFound', 'Forbidden', 'RunAlreadyEnded'],
  },
  {
    name: 'get-package',
    method: 'GET',
    route: 'agent/packages/{hash}',
    tag: 'Agents',
    summary: 'Download the package of a desktop flow',
    access: 'machine',
    path: parameters(z.object({ hash: contentHash.describe('SHA-256 of the zip.') }), { hash: PACKAGE_HASH }),
    answers: [bytesAnswer('The zip.', 'application/zip')],
    errors: ['FileNotFound'],
  },
  {
    name: 'get-file',
    method: 'GET',
    route: 'agent/files/{id}',
    tag: 'Agents',
    summary: 'Download a file that was given as input',
    access: 'machine',
    path: parameters(z.object({ id: contentHash.describe('Id of the file.') }), { id: CSV_ID }),
    answers: [bytesAnswer('The bytes.', 'application/octet-stream')],
    errors: ['FileNotFound'],
  },
  {
    name: 'put-artifact',
    method: 'PUT',
    route: 'agent/runs/{run}/artifacts/{name}',
    tag: 'Agents',
    summary: 'Hand in a file that a run leaves behind',
    description: 'Only from the machine that was given the run.',
    access: 'machine',
    path: parameters(
      z.object({
        run: desktopRunId.describe('Id of the desktop-flow run.'),
        name: z.string().describe('Name of the file.'),
      }),
      { run: DESKTOP_RUN, name: 'rejects.csv' },
    ),
    body: bytesBody('application/octet-stream', 'row,invoice_id,reasons\n3,A-2,2026-02-30 is not a date\n'),
    answers: [{ status: 204, what: 'The file is kept.' }],
    errors: ['RunNotFound', 'Forbidden', 'FileNotFound', 'BodyTooLarge'],
  },
];
