import { flowDefinition } from '../../../contracts/flow-definition';
import { maskedOutputs, maskedParts, securesData } from '../../../domain/flows/masking';

const secureTrigger = { runtimeConfiguration: { secureData: { properties: ['inputs'] } } };

function flow(actions: object, outputs: object = {}, trigger: object = secureTrigger) {
  return flowDefinition.parse({
    name: 'flow',
    triggers: { manual: { type: 'Request', ...trigger } },
    parameters: { which: { type: 'string', defaultValue: 'x' } },
    actions,
    outputs,
  });
}

const compose = (inputs: unknown, after?: string) => ({
  type: 'Compose',
  inputs,
  ...(after ? { runAfter: { [after]: ['Succeeded'] } } : {}),
});
const secret = compose("@triggerBody()?['secret']");

test.each<[string, object, string[]]>([
  [
    'a name that an expression makes',
    { A: secret, B: compose("@outputs(parameters('which'))", 'A') },
    ['A', 'B'],
  ],
  [
    'item() of a masked list',
    { L: { type: 'Foreach', foreach: '@triggerBody()', actions: { In: compose('@item()') } } },
    ['L', 'In'],
  ],
  ['a condition', { If: { type: 'If', expression: { equals: ['@triggerBody()', 1] }, actions: {} } }, ['If']],
  [
    'the value that a switch compares',
    { S: { type: 'Switch', expression: '@triggerBody()', cases: {} } },
    ['S'],
  ],
  [
    'the result of a scope with something masked in it',
    { S: { type: 'Scope', actions: { In: secret } }, After: compose("@result('S')", 'S') },
    ['In', 'After'],
  ],
])('A8: %s masks', (_what, actions, masked) => {
  expect(Object.keys(maskedParts(flow(actions))).sort()).toEqual([...masked].sort());
});

test.each<[string, object]>([
  ['Select', { from: "@outputs('A')", select: '@item()' }],
  ['Query', { from: "@outputs('A')", where: '@true' }],
  ['Table', { from: "@outputs('A')", format: 'CSV' }],
  ['Join', { from: "@outputs('A')", joinWith: '' }],
  ['ParseJson', { content: "@outputs('A')", schema: {} }],
  ['Select', { from: [1], select: "@outputs('A')" }],
  ['Query', { from: [1], where: "@equals(item(), outputs('A'))" }],
  ['Table', { from: [1], format: 'CSV', columns: [{ value: "@outputs('A')" }] }],
])('A8: what %s makes of something masked is masked: %j', (type, inputs) => {
  const actions = {
    A: secret,
    Made: { type, inputs, runAfter: { A: ['Succeeded'] } },
    After: compose("@body('Made')", 'Made'),
  };
  expect(Object.keys(maskedParts(flow(actions)))).toEqual(['A', 'Made', 'After']);
});

test('A8: the expression of an Until that reads something masked is masked', () => {
  const loop = { type: 'Until', expression: "@equals(outputs('In'), 1)", actions: { In: secret } };
  expect(maskedParts(flow({ L: loop }))).toEqual({ L: ['inputs'], In: ['inputs', 'outputs'] });
});

test("A8: item() within a Select is its own, however masked a loop's items are", () => {
  const select = { type: 'Select', inputs: { from: [1], select: '@item()' } };
  const loop = (inner: object) => ({
    L: { type: 'Foreach', foreach: '@triggerBody()', actions: { In: inner } },
  });
  expect(Object.keys(maskedParts(flow({ ...loop(compose(1)), Own: select })))).toEqual(['L']);
  const ofLoop = { ...select, inputs: { from: '@item()', select: 1 } };
  expect(Object.keys(maskedParts(flow(loop(ofLoop))))).toEqual(['L', 'In']);
  const named = { ...select, inputs: { from: [1], select: "@items('L')" } };
  expect(Object.keys(maskedParts(flow(loop(named))))).toEqual(['L', 'In']);
});

test('A8: what reads nothing secured is not masked', () => {
  expect(maskedParts(flow({ A: secret, B: compose("@parameters('which')"), C: compose('item(s)') }))).toEqual(
    {
      A: ['inputs', 'outputs'],
    },
  );
  expect(maskedParts(flow({ A: secret, B: compose('@item()') }, {}, {}))).toEqual({});
});

test('A8: outputs of the run that are made of something masked', () => {
  const actions = {
    A: secret,
    R: { type: 'Response', inputs: { body: "@outputs('A')" }, runAfter: { A: ['Succeeded'] } },
  };
  expect(maskedOutputs(flow(actions, { a: "@outputs('A')", b: 'plain' }))).toEqual(
    new Set(['a', 'response']),
  );
  expect(maskedOutputs(flow(actions, { a: "@outputs('A')" }, {}))).toEqual(new Set());
});

test('A8: a flow secures data by its trigger, an action at any depth or a parameter', () => {
  const deep = { S: { type: 'Scope', actions: { In: { ...compose(1), ...secureTrigger } } } };
  expect(securesData(flow({ A: compose(1) }))).toBe(true);
  expect(securesData(flow(deep, {}, {}))).toBe(true);
  expect(securesData(flow({ A: compose(1) }, {}, {}))).toBe(false);
  const parameters = { key: { type: 'securestring' as const } };
  expect(securesData({ ...flow({ A: compose(1) }, {}, {}), parameters })).toBe(true);
});
