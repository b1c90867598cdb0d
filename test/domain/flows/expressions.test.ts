import { evaluate } from '../../../domain/flows/expressions';

const scope = {
  triggerBody: { name: "O'Hara", 'two words': 2, list: [{ id: 7 }], none: null, nested: { a: { b: true } } },
  outputs: { Read: { total: '12.30', rows: 3 }, "It's": 'quoted' },
};

test.each([
  ["@triggerBody()['name']", "O'Hara"],
  ['@triggerBody().name', "O'Hara"],
  ["@triggerBody()?['missing']", null],
  ["@triggerBody()?['missing']?['deeper']", null],
  ["@triggerBody()['two words']", 2],
  ["@triggerBody()['list'][0].id", 7],
  ["@triggerBody()?['list']?[5]", null],
  ["@triggerBody()['none']", null],
  ['@triggerBody().nested.a.b', true],
  ["@outputs('Read')", { total: '12.30', rows: 3 }],
  ["@body('Read')?['total']", '12.30'],
  ["@outputs('It''s')", 'quoted'],
  ['plain', 'plain'],
  ['', ''],
  ['@@triggerBody()', '@triggerBody()'],
  ["@{outputs('Read').rows} rows for @{triggerBody().name}", "3 rows for O'Hara"],
  ["@{triggerBody()?['none']}", ''],
  ['@{triggerBody().nested}', '{"a":{"b":true}}'],
  ['mail a@@{b}', 'mail a@{b}'],
  ["@{triggerBody()?['}']}", ''],
  ['someone@example.org', 'someone@example.org'],
])('%s', (text, value) => {
  expect(evaluate(text, scope)).toEqual(value);
});

test('values of every shape are evaluated at any depth; keys are not', () => {
  expect(evaluate({ '@x': ["@outputs('Read').rows", 1, null, { y: '@triggerBody().name' }] }, scope)).toEqual(
    {
      '@x': [3, 1, null, { y: "O'Hara" }],
    },
  );
});

test.each([
  ["@triggerBody()['missing']", 'finds nothing at "missing"'],
  ["@outputs('Nobody')", 'names "Nobody"'],
  ['@outputs()', 'names no action'],
  ["@triggerBody('x')", 'passes an argument'],
  ['@concat(1)', 'must begin with triggerBody()'],
  ['@triggerBody() + 1', 'cannot be understood at "+ 1"'],
  ['@{triggerBody()', 'has no closing }'],
  ["@outputs('Read')['constructor']", 'finds nothing'],
])('%s is refused', (text, problem) => {
  expect(() => evaluate(text, scope)).toThrow(problem);
});
