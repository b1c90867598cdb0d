import { checkDefinition } from '../../../domain/flows/definition-problems';

const base = { name: 'flow', triggers: { manual: { type: 'Request' } } };
const compose = (inputs: unknown = 1, more: object = {}) => ({ type: 'Compose', inputs, ...more });
const problems = (actions: unknown, more: object = {}) =>
  checkDefinition({ ...base, actions, ...more }).problems;
const paths = (actions: unknown, more: object = {}) => problems(actions, more).map(({ path }) => path);

test('A5: every kind of action is taken, at any place', () => {
  const inner = { Say: compose("@items('Loop')") };
  const definition = {
    ...base,
    $schema: 'flow-definition.schema.json',
    parameters: { p: { type: 'String', defaultValue: 'x' } },
    actions: {
      Desktop: {
        type: 'DesktopFlow',
        inputs: {
          desktopFlow: 'd',
          connection: 'c',
          retryPolicy: { type: 'fixed', count: 2, interval: 'PT1M' },
        },
        limit: { timeout: 'P31D' },
      },
      Variable: { type: 'InitializeVariable', inputs: { variables: [{ name: 'v', type: 'integer' }] } },
      Loop: {
        type: 'Foreach',
        foreach: [1],
        actions: inner,
        runtimeConfiguration: { concurrency: { repetitions: 50 } },
      },
      Check: {
        type: 'If',
        expression: { equals: [1, "@parameters('p')"] },
        actions: {},
        else: { actions: { No: compose() } },
      },
      Choose: { type: 'Switch', expression: 1, cases: { one: { case: 1, actions: { One: compose() } } } },
      Scope: { type: 'Scope', actions: { Up: { type: 'IncrementVariable', inputs: { name: 'v' } } } },
      Ask: { type: 'Http', inputs: { method: 'GET', uri: 'https://example.com' } },
      Wait: { type: 'Wait', inputs: { until: { timestamp: '2026-01-31T08:00:00Z' } } },
      Answer: {
        type: 'Response',
        inputs: { body: "@body('Ask')" },
        runAfter: { Ask: ['Succeeded'] },
      },
      Poll: {
        type: 'Until',
        expression: "@equals(iterationIndexes('Poll'), 3)",
        actions: { Tick: compose() },
      },
      Map: { type: 'Select', inputs: { from: [1], select: { n: '@item()' } } },
      Filter: { type: 'Query', inputs: { from: '@triggerBody()', where: '@equals(item(), 1)' } },
      Table: {
        type: 'Table',
        inputs: { from: [], format: 'CSV', columns: [{ header: 'n', value: '@item()' }] },
      },
      Join: { type: 'Join', inputs: { from: [], joinWith: ', ' } },
      Parse: { type: 'ParseJson', inputs: { content: '@triggerBody()', schema: { type: 'object' } } },
      End: { type: 'Terminate', inputs: { runStatus: 'Succeeded' } },
    },
  };
  expect(checkDefinition(definition).problems).toEqual([]);
});

test.each([
  ['an unknown type of action', { A: { type: 'Magic' } }, '/actions/A/type', 'supported: DesktopFlow'],
  [
    'a list that is none',
    { A: { type: 'Select', inputs: { from: 'x', select: 1 } } },
    '/actions/A/inputs/from',
    'is neither a list nor an expression',
  ],
  [
    'a filter that is no condition',
    { A: { type: 'Query', inputs: { from: [], where: 'x' } } },
    '/actions/A/inputs/where',
    'is neither an expression (@…) nor an object of conditions',
  ],
  [
    'a format that there is not',
    { A: { type: 'Table', inputs: { from: [], format: 'XML' } } },
    '/actions/A/inputs/format',
    'is neither CSV nor HTML',
  ],
  [
    'a schema that is none',
    { A: { type: 'ParseJson', inputs: { content: 1, schema: { type: 'text' } } } },
    '/actions/A/inputs/schema',
    'schema is invalid: data/type must be equal to one of the allowed values',
  ],
  [
    'a loop of too many rounds',
    { A: { type: 'Until', expression: '@true', actions: {}, limit: { count: 5_001 } } },
    '/actions/A/limit/count',
    '<=5000',
  ],
  [
    'an option of loops that there is not',
    { A: { type: 'Until', expression: '@true', actions: {}, operationOptions: 'Sequential' } },
    '/actions/A/operationOptions',
    'is not FailWhenLimitsReached',
  ],
  ['an unknown key', { A: compose(1, { when: 1 }) }, '/actions/A/when', 'is not supported here'],
  [
    'an unknown action to run after',
    { A: compose(1, { runAfter: { B: ['Succeeded'] } }) },
    '/actions/A/runAfter/B',
    'not in the same block',
  ],
  [
    'a circle',
    { A: compose(1, { runAfter: { B: ['Succeeded'] } }), B: compose(1, { runAfter: { A: ['Failed'] } }) },
    '/actions/B/runAfter/A',
    'A → B → A',
  ],
  [
    'a status that there is not',
    { A: compose(), B: compose(1, { runAfter: { A: ['Done'] } }) },
    '/actions/B/runAfter/A/0',
    'Invalid',
  ],
  [
    'a name that is used twice',
    { A: compose(), S: { type: 'Scope', actions: { A: compose() } } },
    '/actions/S/actions/A',
    'used at /actions/A',
  ],
  ['an expression that names no action', { A: compose("@outputs('B')") }, '/actions/A/inputs', '"B"'],
  ['a variable that nothing makes', { A: compose("@variables('v')") }, '/actions/A/inputs', '"v"'],
  [
    'a change of such a variable',
    { A: { type: 'SetVariable', inputs: { name: 'v', value: 1 } } },
    '/actions/A/inputs/name',
    '"v"',
  ],
  ['an unknown parameter', { A: compose("@parameters('p')") }, '/actions/A/inputs', '"p"'],
  ['the item of a loop that is not around it', { A: compose("@items('L')") }, '/actions/A/inputs', '"L"'],
  [
    'an expression that cannot be read',
    { A: compose({ deep: ['@concat('] }) },
    '/actions/A/inputs/deep/0',
    'concat',
  ],
  [
    'a variable made inside of a scope',
    {
      S: {
        type: 'Scope',
        actions: {
          V: { type: 'InitializeVariable', inputs: { variables: [{ name: 'v', type: 'string' }] } },
        },
      },
    },
    '/actions/S/actions/V',
    'outside',
  ],
  [
    'a duration that is none',
    { S: { type: 'Scope', actions: {}, limit: { timeout: '1 hour' } } },
    '/actions/S/limit/timeout',
    'ISO 8601',
  ],
  [
    'too many rounds at a time',
    {
      L: {
        type: 'Foreach',
        foreach: [],
        actions: {},
        runtimeConfiguration: { concurrency: { repetitions: 51 } },
      },
    },
    '/actions/L/runtimeConfiguration/concurrency/repetitions',
    '50',
  ],
  ['a name with a slash', { 'a/b': compose() }, '/actions/a~1b', 'is not an action name'],
  ['no action', {}, '/actions', 'at least one'],
])('A5: %s is named with its path', (_what, actions, path, words) => {
  expect(problems(actions)).toMatchObject([{ path, message: expect.stringContaining(words) }]);
});

test('all problems are told at once', () => {
  const actions = {
    A: { type: 'Magic' },
    B: compose("@outputs('Nobody')", { runAfter: { X: ['Succeeded'] } }),
    S: { type: 'Scope', actions: { C: compose(1, { odd: 1 }) } },
  };
  expect(paths(actions, { name: 'Not A Name', odd: 1 }).sort()).toEqual([
    '/actions/A/type',
    '/actions/B/inputs',
    '/actions/B/runAfter/X',
    '/actions/S/actions/C/odd',
    '/name',
    '/odd',
  ]);
});

test('nesting and numbers have limits', () => {
  const nested = (depth: number): object =>
    depth === 0 ? {} : { [`S${depth}`]: { type: 'Scope', actions: nested(depth - 1) } };
  expect(problems(nested(7))).toEqual([]);
  expect(problems(nested(5_000))).toMatchObject([{ message: expect.stringContaining('8 blocks') }]);
  const many = Object.fromEntries(Array.from({ length: 1_001 }, (_value, n) => [`A${n}`, compose()]));
  expect(problems(many)).toMatchObject([{ path: '/actions', message: expect.stringContaining('1000') }]);
});

test.each([
  [{ type: 'int', defaultValue: 'x' }, '/parameters/p/defaultValue'],
  [{ type: 'string', defaultValue: 'x', allowedValues: ['y'] }, '/parameters/p/defaultValue'],
  [{ type: 'thing' }, '/parameters/p/type'],
])('a parameter %j is refused', (parameter, path) => {
  expect(paths({ A: compose() }, { parameters: { p: parameter } })).toEqual([path]);
});

test.each([[null], [[]], ['text'], [{ ...base, actions: [] }], [{ ...base, actions: { A: null } }]])(
  'what is no definition is refused: %j',
  (body) => {
    expect(checkDefinition(body).problems.length).toBeGreaterThan(0);
  },
);
