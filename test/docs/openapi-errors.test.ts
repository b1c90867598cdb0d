import { MAX_CONSOLE_REPORT_BYTES } from '../../contracts/agent-api';
import type { ErrorCode } from '../../contracts/errors';
import { errorCatalogue } from '../../contracts/errors';
import { problem } from '../../contracts/api-problem';
import {
  DESKTOP_RUN,
  GATEWAY,
  GROUP,
  MACHINE,
  report,
  RUN,
  CASE,
  PROCESS,
} from '../../contracts/openapi/examples';
import type { Operation } from '../../contracts/openapi/operation';
import { operations } from '../../contracts/openapi/operations';
import { DELETED } from '../../domain/run-queue/moves';
import { ApiStory, BODY_LIMIT, type Change, portsOf as mockPortsOf } from './support/api-story';
import { engineClient } from './support/engine-client';
import { RegisteredRoutes } from './support/registered-routes';

const mockFunctions = new RegisteredRoutes();
let mockStory: ApiStory;
jest.mock('@azure/functions-core', () => mockFunctions.core, { virtual: true });
jest.mock('../../adapters/ports-factory', () => ({ createPorts: () => mockPortsOf(() => mockStory.rig) }));
jest.mock('../../adapters/instances', () => ({
  instancesOf: () => mockStory.rig.instances,
  clientOf: () => engineClient(mockStory.rig.engine),
}));
jest.mock('durable-functions/lib/src/durableClient/getClient', () => ({
  getClient: () => engineClient(mockStory.rig.engine),
  isDurableClientInput: ({ type }: { type: string }) => type === 'durableClient',
}));

beforeEach(async () => {
  mockStory = new ApiStory(mockFunctions);
  // Loaded once: app.ts registers over the ports of whatever story is the current one.
  jest.requireActual('../../app');
  await mockStory.begin();
});
afterEach(() => mockStory.rig.close());

/** How to be answered with a code: a change to the example, after what has to be so before. */
interface Case {
  before?: (story: ApiStory, operation: Operation) => Promise<unknown>;
  change?: Change;
}

const OTHER_RUN = '01KJPRZ800KKTHB07AQZXXWX30';
const OTHER_GROUP = `g-${'1'.repeat(26)}`;
const OTHER_MACHINE = `m-${'1'.repeat(26)}`;
const body = (of: Operation | undefined): object =>
  of?.body?.kind === 'json' ? { ...(of.body.example as object) } : {};
const registration = body(operations.find(({ name }) => name === 'register-agent'));
const connectTo = (target: object, user?: string): Change => ({ body: { target, user } });
const watch = (what: { queue?: string; run?: string }): Change => ({ query: { queue: undefined, ...what } });
/** The longest move there is: an agent that was sent away has a minute to fetch what it is told. */
const moveAway = ({ rig }: ApiStory, { path }: Operation): Promise<void> => {
  const machine = String(path?.example['machine']);
  return rig.start('move-machine', { machine, target: DELETED, actor: 'owner' }, `move-${machine}`);
};
/** Attaches a machine to the queue that the operation names on which a user may hold several sessions. */
const attachAnother = async ({ rig }: ApiStory, { path }: Operation): Promise<void> => {
  const joining = { machine: OTHER_MACHINE, epoch: 1, lastN: 0, online: true, presenceSeq: 1 };
  const order = {
    kind: 'attach',
    move: 1,
    joining: { ...joining, report: { ...report, multipleSessionsPerUser: true } },
  };
  const queue = path?.example['group'] ?? MACHINE;
  await rig.start('queue-command', { queue, order }, 'attach-another');
};
const changeMachine =
  (change: { revoked?: boolean; queue?: string; report?: typeof report }) =>
  async ({ rig }: ApiStory): Promise<void> => {
    const row = await rig.ports.machines.get(MACHINE);
    if (row) await rig.ports.machines.put({ ...row, ...change });
  };

/** By code, or by operation and code where an operation needs another way. */
const cases: Record<string, Case> = {
  MalformedJson: { change: { body: '{' } },
  BodyTooLarge: { change: { body: 'x'.repeat(BODY_LIMIT + 1) } },
  InvalidBody: { change: { body: [] } },
  RunNotEnded: { change: { path: { run: RUN } } },
  TriggerDataGone: {
    before: ({ rig: { ports } }) =>
      ports.runs.record({
        run: OTHER_RUN,
        kind: 'cloud',
        name: 'f',
        state: 'Failed',
        requestedMs: 1,
        endedMs: 2,
      }),
    change: { path: { run: OTHER_RUN } },
  },
  'resubmit-run FlowNotFound': {
    before: (story) => story.endRun(OTHER_RUN, { flow: 'none' }),
    change: { path: { run: OTHER_RUN } },
  },
  'resubmit-run InvalidInput': {
    before: (story) => story.endRun(OTHER_RUN, { triggerBody: {} }),
    change: { path: { run: OTHER_RUN } },
  },
  'resubmit-run InvalidBody': { change: { headers: { 'Idempotency-Key': 'x'.repeat(257) } } },
  'run-flow InvalidBody': { change: { headers: { 'Idempotency-Key': 'x'.repeat(257) } } },
  InvalidDefinition: { change: { body: [] } },
  'put-flows BodyTooLarge': { change: { body: 'x'.repeat(100 * BODY_LIMIT + 1) } },
  'put-flows InvalidDefinition': { change: { body: { flows: [{}] } } },
  'put-flows Conflict': { change: { headers: { 'If-Match': '"of before"' } } },
  InvalidPackage: { change: { body: 'not a zip' } },
  'get-schedule InvalidQuery': { change: { query: { count: '0' } } },
  InvalidQuery: { change: { query: { top: '0' } } },
  InvalidInput: { change: { body: {} } },
  InvalidParameters: { change: { query: { parameters: '[]' } } },
  'run-flow InvalidQuery': { change: { query: { parameters: 'x'.repeat(4_001) } } },
  FlowNotFound: { change: { path: { flow: 'none' } } },
  FlowDisabled: {
    before: ({ rig }) =>
      rig.ports.flows.setState('process-invoices', { reason: 'ByPerson', by: 'owner', atMs: 0 }),
  },
  NoSchedule: { change: { path: { flow: 'process-invoices' } } },
  EventSourceNotFound: { change: { path: { source: 'none' } } },
  'receive-events InvalidBody': { change: { body: { specversion: '1.0', id: '' } } },
  'receive-events Unauthorized': { change: { headers: { Authorization: 'Bearer wrong' } } },
  'greet-event-sender Unauthorized': { change: { headers: { Authorization: 'Bearer wrong' } } },
  'greet-event-sender InvalidBody': { change: { headers: { 'WebHook-Request-Origin': '' } } },
  'start-console-run InvalidBody': { change: { body: {} } },
  'start-console-run DesktopFlowNotFound': {
    change: {
      body: { ...body(operations.find(({ name }) => name === 'start-console-run')), desktopFlow: 'none' },
    },
  },
  'stop-console-run RunAlreadyEnded': { before: (story) => story.endConsoleRun() },
  'report-console-run BodyTooLarge': { change: { body: 'x'.repeat(MAX_CONSOLE_REPORT_BYTES + 1) } },
  'report-console-run Forbidden': { change: { path: { run: DESKTOP_RUN } } },
  'get-console-run Forbidden': { change: { path: { run: DESKTOP_RUN } } },
  'stop-console-run Forbidden': { change: { path: { run: DESKTOP_RUN } } },
  DesktopFlowNotFound: { change: { path: { name: 'none' } } },
  ConnectionNotFound: { change: { path: { name: 'none' } } },
  ConnectionTestNotFound: { change: { path: { test: 'none' } } },
  AccountNotAllowed: {
    change: { body: { target: { kind: 'machine', id: MACHINE }, user: 'CONTOSO/bot' } },
  },
  RunNotFound: { change: { path: { run: 'none' } } },
  MachineNotFound: { change: { path: { machine: OTHER_MACHINE } } },
  'issue-registration-token MachineNotFound': { change: { body: { machine: OTHER_MACHINE } } },
  'put-connection MachineNotFound': { change: { body: { target: { kind: 'machine', id: OTHER_MACHINE } } } },
  FileNotFound: { change: { path: { id: 'f'.repeat(64), hash: 'f'.repeat(64), name: 'none.csv' } } },
  'put-artifact FileNotFound': { change: { path: { name: 'a\\b' } } },
  IdempotencyKeyReused: {
    before: async (story, operation) => {
      await story.rig.ports.flows.put({
        name: 'process-invoices',
        triggers: { http: { type: 'Request', kind: 'Http' } },
        actions: { say: { type: 'Compose', inputs: 1 } },
      });
      await story.send(operation);
    },
    change: { body: {} },
  },
  RunAlreadyEnded: {
    before: async ({ rig }) => {
      await rig.engine.raiseEvent(RUN, 'inbox', JSON.stringify({ kind: 'cancel', by: 'owner' }));
      await rig.idle();
    },
  },
  // The run of the story waits.
  RunNotExecuting: {},
  Unauthorized: { change: { unsigned: true } },
  MachineRevoked: { before: changeMachine({ revoked: true }) },
  'register-agent MachineRevoked': {
    before: async (story, operation) => {
      const { machine } = (await story.send(operation)).body as { machine: string };
      const row = await story.rig.ports.machines.get(machine);
      if (row) await story.rig.ports.machines.put({ ...row, revoked: true });
    },
  },
  RegistrationTokenInvalid: { change: { body: { ...registration, token: 'made up' } } },
  UnsupportedOs: { change: { body: { ...registration, report: { ...report, os: 'windows7' } } } },
  AgentAlreadyRunning: {
    before: (story, operation) => story.send(operation),
    change: { body: { installation: 'another' } },
  },
  Forbidden: { before: ({ rig }) => rig.ports.runs.record({ run: DESKTOP_RUN, machine: OTHER_MACHINE }) },
  RunNotQueued: { change: { path: { run: `${RUN}-2` } } },
  RunNotOnTop: { change: { body: { undo: true } } },
  InvalidSetting: { change: { body: { maxEntries: 0 } } },
  MachineInGroup: { before: changeMachine({ queue: 'g-1' }) },
  MachineIsMoving: { before: changeMachine({ queue: 'g-1' }), change: { body: { maintenance: true } } },
  'release-machine MachineIsMoving': { before: changeMachine({ queue: 'g-1' }) },
  SessionReuseNotPossible: {
    before: attachAnother,
  },
  'add-member SessionReuseNotPossible': {
    before: async (story) => {
      await story.setGroup({ reuseSession: true });
      await changeMachine({ report: { ...report, multipleSessionsPerUser: true } })(story);
    },
  },
  'create-group InvalidSetting': { change: { body: { name: 'Finance', maxEntries: 0 } } },
  'add-member MachineIsMoving': { before: moveAway },
  'remove-member MachineIsMoving': { before: moveAway },
  GroupNotFound: { change: { path: { group: OTHER_GROUP } } },
  'put-connection GroupNotFound': { change: connectTo({ kind: 'group', id: OTHER_GROUP }) },
  GroupNotEmpty: { change: { path: { group: GROUP } } },
  GroupIsFull: { before: (story) => story.setGroup({ maxMachines: 1 }) },
  GatewayNotFound: { change: { path: { name: 'none' } } },
  'put-connection GatewayNotFound': { change: connectTo({ kind: 'gateway', name: 'none' }) },
  ClusterNotFound: { change: { path: { name: 'none' } } },
  'put-connection ClusterNotFound': { change: connectTo({ kind: 'cluster', name: 'none' }) },
  'put-gateway ClusterNotFound': { change: { body: { machine: MACHINE, cluster: 'none' } } },
  'put-gateway MachineNotFound': { change: { body: { machine: OTHER_MACHINE } } },
  'put-gateway AccountNotAllowed': { change: { body: { machine: MACHINE, account: 'CONTOSO/bot' } } },
  WindowsIdentityIncorrect: {
    change: connectTo({ kind: 'gateway', name: GATEWAY }, 'CONTOSO\\other'),
  },
  ProcessNotFound: { change: { path: { process: 'none' } } },
  CaseNotFound: { change: { path: { case: 'none' } } },
  CaseRefused: {
    before: async ({ rig: { ports } }) => {
      const stored = await ports.processes.getCase(PROCESS, CASE);
      if (stored)
        await ports.processes.replaceCase({ ...stored, value: { ...stored.value, state: 'abandoned' } });
    },
  },
  SubscriptionNotFound: { change: { path: { name: 'none' } } },
  DeliveryNotFound: { change: { path: { event: '1772438403450-none' } } },
  'stream-changes InvalidQuery': { change: { query: { after: '-1' } } },
  'stream-changes MachineNotFound': { change: watch({ queue: OTHER_MACHINE }) },
  'list-changes MachineNotFound': { change: watch({ queue: OTHER_MACHINE }) },
  'stream-changes GroupNotFound': { change: watch({ queue: OTHER_GROUP }) },
  'list-changes GroupNotFound': { change: watch({ queue: OTHER_GROUP }) },
  'stream-changes RunNotFound': { change: watch({ run: `${RUN}-9` }) },
  'list-changes RunNotFound': { change: watch({ run: `${RUN}-9` }) },
};

const documented = operations.flatMap((operation) =>
  [
    ...operation.errors,
    ...(operation.access === 'machine' ? (['Unauthorized', 'MachineRevoked'] as const) : []),
  ].map((code) => [operation.name, code, operation] as const),
);

/** Name in `cases` of the way that leads to the answer. */
const wayTo = (name: string, code: ErrorCode): string =>
  `${name} ${code}` in cases ? `${name} ${code}` : code;

it.each(documented)('%s can be answered with %s', async (name, code, operation) => {
  const given = cases[wayTo(name, code)];
  if (!given) throw new Error(`Show in this file how ${name} is answered with ${code}.`);
  await given.before?.(mockStory, operation);
  const answer = await mockStory.send(operation, given.change);
  expect(answer.body).toMatchObject({ code });
  expect(answer.status).toBe(errorCatalogue[code].status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(problem.parse(answer.body)).toEqual(answer.body);
});

it('every way of this file is used', () => {
  expect(new Set(documented.map(([name, code]) => wayTo(name, code)))).toEqual(new Set(Object.keys(cases)));
});
