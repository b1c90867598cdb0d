import { expressionProblems } from '../../../domain/flows/expression-problems';
import { caretText } from '../../../domain/expressions/expression-error';

const compose = (inputs: unknown, ...before: string[]) => ({
  type: 'Compose',
  inputs,
  runAfter: Object.fromEntries(before.map((name) => [name, ['Succeeded']])),
});

function problems(definition: unknown): string[] {
  return expressionProblems(definition).map(({ path, message }) => `${path}: ${message}`);
}

test('a definition whose expressions are all right has no problems', () => {
  expect(
    problems({
      parameters: { to: { type: 'String', defaultValue: 'someone@example.org' } },
      actions: {
        Init: {
          type: 'InitializeVariable',
          inputs: { variables: [{ name: 'n', type: 'Integer', value: 0 }] },
        },
        Read: compose("@parameters('to')", 'Init'),
        Each: {
          type: 'Foreach',
          foreach: "@outputs('Read')",
          runAfter: { Read: ['Succeeded'] },
          actions: {
            In: compose("@add(variables('n'), iterationIndexes('Each'))"),
            Then: compose("@concat(items('Each'), item(), outputs('In'), body('Read'))", 'In'),
          },
        },
        Choose: {
          type: 'If',
          expression: { and: [{ equals: ["@outputs('Read')", 1] }] },
          runAfter: { Each: ['Succeeded', 'Failed'] },
          actions: { Yes: compose("@actions('Each').status") },
          else: { actions: { No: compose("@result('Each')") } },
        },
        Last: compose("@outputs('Yes')", 'Choose'),
      },
      outputs: { last: "@outputs('Last')" },
    }),
  ).toEqual([]);
});

test.each([
  [
    'an unknown function',
    '@concatenate(1)',
    '/actions/A/inputs/x: The expression "@concatenate(1)" at column 2: there is no function',
  ],
  ['too few values', '@substring(1)', 'at column 2: substring() takes 2 to 3 values, not 1'],
  ['syntax', 'x @{concat(1} y', 'at column 13: there is "}"'],
  [
    'an unknown action',
    "@outputs('Nobody')",
    'at column 10: "Nobody" is no action that ends before this one (runAfter)',
  ],
  ['the action itself', "@body('A')", '"A" is no action that ends before'],
  ['an action that runs beside it', "@actions('B')", '"B" is no action that ends before'],
  ['an unknown variable', "@variables('n')", '"n" is no variable'],
  ['an unknown parameter', "@{parameters('p')}", '"p" is no parameter that the flow has'],
  ['a loop that is not around it', "@items('Each')", '"Each" is no loop that is around this action'],
  [
    'a name that is made',
    "@outputs(concat('A', 'B'))",
    'outputs() takes the name of the action as a text in quotes',
  ],
  ['very deep nesting', `@${'concat('.repeat(101)}1${')'.repeat(101)}`, 'more than 100 brackets are open'],
  ['a very long expression', `@concat('${'x'.repeat(8_192)}')`, 'it has more than 8192 characters'],
])('%s is named with its place', (_what, expression, problem) => {
  const found = problems({ actions: { A: compose({ x: expression }), B: compose(1) } });
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(problem);
});

test('all problems are listed, wherever they are', () => {
  const paths = expressionProblems({
    triggers: {
      manual: { type: 'Request', inputs: { schema: { pattern: '@(' } }, conditions: ["@outputs('A')"] },
    },
    actions: {
      A: { ...compose('@x()'), description: '@no expression' },
      B: { type: 'Switch', expression: '@y()', cases: { one: { actions: { C: compose(['@z()']) } } } },
    },
    outputs: { o: "@outputs('D')" },
  }).map(({ path }) => path);
  expect(paths).toEqual([
    '/triggers/manual/conditions/0',
    '/actions/A/inputs',
    '/actions/B/expression',
    '/actions/B/cases/one/actions/C/inputs/0',
    '/outputs/o',
  ]);
});

test('A5: item() stands where something is done for each item of a list', () => {
  const from = '@item()';
  const paths = problems({
    triggers: { manual: { type: 'Request', conditions: ['@item()'] } },
    actions: {
      A: compose('@item()'),
      S: { type: 'Select', inputs: { from, select: { x: "@item()?['x']" } } },
      Q: { type: 'Query', inputs: { from, where: { equals: ['@item()', 1] } } },
      T: {
        type: 'Table',
        inputs: { from, format: 'CSV', columns: [{ header: '@item()', value: '@{item()}' }] },
      },
      J: { type: 'Join', inputs: { from, joinWith: '@item()' } },
      P: { type: 'ParseJson', inputs: { content: '@item()', schema: { const: '@item()' } } },
      L: {
        type: 'Foreach',
        foreach: '@item()',
        actions: {
          In: compose('@item()'),
          Sel: { type: 'Select', inputs: { from, select: "@concat(item(), items('L'), items('Sel'))" } },
        },
      },
    },
    outputs: { o: '@item()' },
  }).map((problem) => problem.split(': ')[0]);
  expect(paths).toEqual([
    '/triggers/manual/conditions/0',
    '/actions/A/inputs',
    '/actions/S/inputs/from',
    '/actions/Q/inputs/from',
    '/actions/T/inputs/from',
    '/actions/J/inputs/from',
    '/actions/J/inputs/joinWith',
    '/actions/P/inputs/content',
    '/actions/L/foreach',
    '/actions/L/actions/Sel/inputs/select',
    '/outputs/o',
  ]);
  expect(problems({ actions: { A: compose('@item()') } })[0]).toContain(
    'at column 2: item() is the item of a Foreach, Select, Query or Table',
  );
});

test('A5: an Until is asked within its last round: of its actions and its number; it has no items', () => {
  const loop = (expression: string, inner: unknown = 1) => ({
    actions: {
      Beside: compose(1),
      Poll: {
        type: 'Until',
        expression,
        actions: { Scope: { type: 'Scope', actions: { In: compose(inner) } } },
      },
    },
  });
  expect(problems(loop("@equals(outputs('In'), iterationIndexes('Poll'))"))).toEqual([]);
  expect(problems(loop("@empty(result('Scope'))", "@iterationIndexes('Poll')"))).toEqual([]);
  expect(problems(loop("@equals(outputs('Beside'), 1)"))).toEqual([
    expect.stringContaining('/actions/Poll/expression: '),
  ]);
  expect(problems(loop('@true', "@items('Poll')"))).toEqual([
    expect.stringContaining('"Poll" is no loop that is around this action and goes over a list'),
  ]);
  expect(problems(loop('@item()', '@item()'))).toEqual([
    expect.stringContaining('/actions/Poll/expression: '),
    expect.stringContaining('/actions/Poll/actions/Scope/actions/In/inputs: '),
  ]);
});

test('nothing can be made of itself', () => {
  expect(
    problems({
      parameters: { p: { type: 'String', defaultValue: "@{parameters('p')}" } },
      actions: {
        Init: {
          type: 'InitializeVariable',
          inputs: { variables: [{ name: 'v', type: 'String', value: "@variables('v')" }] },
        },
      },
    }),
  ).toEqual([
    '/parameters/p/defaultValue: is not evaluated: write a value, or @@ for a text that begins with @',
    expect.stringContaining('"v" is no variable that was initialized before'),
  ]);
});

test('a caret stands below the place', () => {
  const [problem] = expressionProblems({ actions: { A: compose("@concat('a',\n  tolower('b', 1))") } });
  expect(caretText({ expression: problem?.expression ?? '', at: problem?.at ?? 0 })).toBe(
    "  tolower('b', 1))\n  ^",
  );
});
