import { evaluate } from '../../../domain/expressions/evaluate';
import type { ExpressionScope } from '../../../domain/expressions/scope';

const scope: ExpressionScope = {
  now: Date.UTC(2026, 6, 1),
  trigger: {
    body: { name: "O'Hara", 'two words': 2, list: [{ id: 7 }], none: null, nested: { a: { b: true } } },
  },
  actions: {
    Read: { status: 'Succeeded', outputs: { total: '12.30', rows: 3 } },
    "It's": { status: 'Succeeded', outputs: 'quoted' },
  },
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
  ['it is @{triggerBody().nested.a.b}, not @{false}', 'it is True, not False'],
  ['@{triggerBody().nested.a.b}', 'True'],
  ['@{5.0}/@{0.50}', '5/0.5'],
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
  ["@triggerBody()['missing']", 'column 15: an object has no property "missing"; write ? before it'],
  ["@outputs('Nobody')", 'column 2: "Nobody" is no action that ended before'],
  ['@outputs()', 'column 2: outputs() takes 1 value, not 0'],
  ["@triggerBody('x')", 'triggerBody() takes 0 values, not 1'],
  ['@cat(1)', 'there is no function cat()'],
  ['@triggerBody() + 1', 'column 16: there is "+"'],
  ['@{triggerBody()', 'column 16: it ends where one of these should stand: ".", "?", "[", "}"'],
  ["@outputs('Read')['constructor']", 'has no property'],
])('%s is refused', (text, problem) => {
  expect(() => evaluate(text, scope)).toThrow(problem);
});
