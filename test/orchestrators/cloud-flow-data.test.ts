import { checkDefinition } from '../../domain/flows/definition-problems';
import type { CloudFlowRunResult } from '../../domain/runs/run-inputs';
import type { CloudRunStatus } from '../../contracts/runs';
import { AppRig, RegisteredFunctions } from '../support/app-rig';
import { runId } from '../support/runs';

const mockFunctions = new RegisteredFunctions();
let mockRig: AppRig;
jest.mock('@azure/functions-core', () => mockFunctions.core, { virtual: true });
jest.mock('../../adapters/ports-factory', () => ({ createPorts: () => mockRig.ports }));
jest.mock('../../adapters/instances', () => ({ instancesOf: () => mockRig.instances }));

beforeEach(() => {
  jest.resetModules();
  mockRig = new AppRig(mockFunctions);
  jest.requireActual('../../app');
  mockRig.run();
});
afterEach(() => mockRig.close());

const run = runId(1);

async function start(given: object, triggerBody: unknown): Promise<CloudFlowRunResult> {
  const checked = checkDefinition({ name: 'flow', triggers: { manual: { type: 'Request' } }, ...given });
  expect(checked.problems).toEqual([]);
  if (!checked.definition) throw new Error('the definition is wrong');
  const { hash } = await mockRig.ports.flows.put(checked.definition);
  await mockRig.start('cloud-flow-run', { run, flow: 'flow', definition: hash, triggerBody }, run);
  return (await mockRig.instance<CloudFlowRunResult, CloudRunStatus>(run)).output;
}

const records = async (parent = '') => {
  const found = await mockRig.ports.actions.list(run, { parent, top: 100 });
  return found.records.toSorted((a, b) => (a.name < b.name ? -1 : 1));
};

const after = (...names: string[]) => ({
  runAfter: Object.fromEntries(names.map((name) => [name, ['Succeeded']])),
});

const orders = [
  { id: 1, total: 50, buyer: 'Ada' },
  { id: 2, total: 150, buyer: 'Grace, "the" admiral' },
  { id: 3, total: 250, buyer: '<Lin>' },
];

/** From text to a table, as people chain them. */
const chain = {
  Parse: {
    type: 'ParseJson',
    inputs: {
      content: "@triggerBody()?['text']",
      schema: { type: 'array', items: { type: 'object', required: ['id', 'total'] } },
    },
  },
  Large: {
    type: 'Query',
    inputs: { from: "@body('Parse')", where: "@greater(item()?['total'], 100)" },
    ...after('Parse'),
  },
  Short: {
    type: 'Select',
    inputs: { from: "@body('Large')", select: { no: "@item()['id']", who: "@item()['buyer']" } },
    ...after('Large'),
  },
  Csv: { type: 'Table', inputs: { from: "@body('Short')", format: 'CSV' }, ...after('Short') },
  Html: { type: 'Table', inputs: { from: "@outputs('Short')", format: 'HTML' }, ...after('Short') },
  Names: {
    type: 'Join',
    inputs: {
      from: "@createArray(first(body('Short'))['no'], last(body('Short'))['no'])",
      joinWith: ' and ',
    },
    ...after('Short'),
  },
};

test('A5: lists are parsed, filtered, mapped, put into tables and joined; body() and outputs() are the result', async () => {
  const outputs = {
    short: "@outputs('Short')",
    same: "@equals(outputs('Large'), body('Large'))",
    csv: "@body('Csv')",
    html: "@body('Html')",
    names: "@body('Names')",
  };
  expect(await start({ actions: chain, outputs }, { text: JSON.stringify(orders) })).toMatchObject({
    state: 'Succeeded',
    outputs: {
      short: [
        { no: 2, who: 'Grace, "the" admiral' },
        { no: 3, who: '<Lin>' },
      ],
      same: true,
      csv: 'no,who\r\n2,"Grace, ""the"" admiral"\r\n3,<Lin>\r\n',
      html: expect.stringContaining('<td>&lt;Lin&gt;</td>'),
      names: '2 and 3',
    },
  });
});

test('A8: the record of each says what it was given and what it made', async () => {
  await start({ actions: chain }, { text: JSON.stringify(orders) });
  const byName = Object.fromEntries((await records()).map((record) => [record.name, record]));
  expect(byName).toMatchObject({
    Parse: {
      type: 'ParseJson',
      inputs: { value: { content: JSON.stringify(orders) } },
      outputs: { value: orders },
    },
    Large: { type: 'Query', inputs: { value: { from: orders } }, outputs: { value: orders.slice(1) } },
    Csv: { inputs: { value: { format: 'CSV' } }, outputs: { value: expect.stringContaining('no,who') } },
    Names: { inputs: { value: { from: [2, 3], joinWith: ' and ' } }, outputs: { value: '2 and 3' } },
  });
});

test('A5: within a loop item() is the innermost list, items() the loop', async () => {
  const actions = {
    Each: {
      type: 'Foreach',
      foreach: '@triggerBody()',
      actions: {
        Pairs: {
          type: 'Select',
          inputs: { from: "@item()['of']", select: "@concat(items('Each')['name'], item())" },
        },
        Again: { type: 'Compose', inputs: "@item()['name']", ...after('Pairs') },
      },
    },
  };
  const body = [
    { name: 'a', of: ['1', '2'] },
    { name: 'b', of: [] },
  ];
  expect(await start({ actions }, body)).toMatchObject({ state: 'Succeeded' });
  expect(await records('Each[0]')).toMatchObject([
    { name: 'Again', outputs: { value: 'a' } },
    { name: 'Pairs', outputs: { value: ['a1', 'a2'] } },
  ]);
  expect(await records('Each[1]')).toMatchObject([
    { name: 'Again', outputs: { value: 'b' } },
    { name: 'Pairs', outputs: { value: [] } },
  ]);
});

test.each<[string, unknown, string, RegExp]>([
  [
    'what is no list',
    { type: 'Select', inputs: { from: '@triggerBody()', select: 1 } },
    'DataOperationFailed',
    /^Select: "from" is an object, not a list\.$/,
  ],
  [
    'content that does not fit its schema',
    { type: 'ParseJson', inputs: { content: '@triggerBody()', schema: { required: ['n'] } } },
    'SchemaValidationFailed',
    /^ParseJson: n is required\.$/,
  ],
])('A5: %s fails the action by name, and others can handle that', async (_what, action, code, details) => {
  const actions = {
    Act: action,
    Handle: { type: 'Compose', inputs: "@actions('Act')?['error']?['code']", runAfter: { Act: ['Failed'] } },
  };
  const result = await start({ actions, outputs: { code: "@outputs('Handle')" } }, {});
  expect(result).toMatchObject({ state: 'Succeeded', outputs: { code } });
  expect(result.actions['Act']?.error).toMatchObject({ code, details: expect.stringMatching(details) });
});

test('A5: a result over the limit of an action fails it as any other', async () => {
  const body = Array.from({ length: 20 }, () => 'x'.repeat(30_000));
  const actions = {
    Act: { type: 'Select', inputs: { from: '@triggerBody()', select: ['@item()', '@item()'] } },
  };
  const result = await start({ actions }, body);
  expect(result.actions['Act']).toMatchObject({
    status: 'Failed',
    error: { code: expect.stringMatching(/^(ExpressionLimitExceeded|ValueTooLarge)$/) },
  });
});

test('A8: what is made of secured data is masked in every record, and sealed where it is stored', async () => {
  const secure = { runtimeConfiguration: { secureData: { properties: ['inputs', 'outputs'] } } };
  const actions = {
    Read: { type: 'Compose', inputs: ["@concat('s3', 'cret')"], ...secure },
    Map: { type: 'Select', inputs: { from: "@outputs('Read')", select: '@item()' }, ...after('Read') },
    Keep: { type: 'Query', inputs: { from: "@body('Map')", where: '@true' }, ...after('Map') },
    Csv: {
      type: 'Table',
      inputs: { from: "@body('Keep')", format: 'CSV', columns: [{ value: '@item()' }] },
      ...after('Keep'),
    },
    Text: { type: 'Join', inputs: { from: "@body('Keep')", joinWith: '' }, ...after('Csv') },
    Bad: { type: 'ParseJson', inputs: { content: "@body('Text')", schema: {} }, ...after('Text') },
    Handle: { type: 'Compose', inputs: 'seen', runAfter: { Bad: ['Failed'] } },
  };
  await start({ actions }, {});
  const all = await records();
  for (const name of ['Map', 'Keep', 'Csv', 'Text']) {
    expect(all.find((record) => record.name === name)).toMatchObject({
      status: 'Succeeded',
      inputs: { masked: true },
      outputs: { masked: true },
    });
  }
  const bad = all.find(({ name }) => name === 'Bad');
  expect(bad?.error).toMatchObject({
    code: 'DataOperationFailed',
    details: 'Not shown: it reads secured data.',
  });
  expect(JSON.stringify(all)).not.toContain('s3cret');
  const histories = [...mockRig.episodes.values()].map(({ payload }) => payload ?? '');
  expect(histories.join('')).not.toContain('s3cret');
});
