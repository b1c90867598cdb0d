import fc from 'fast-check';
import { checkTemplate } from '../../../domain/expressions/check-template';
import { evaluate } from '../../../domain/expressions/evaluate';
import { ExpressionError } from '../../../domain/expressions/expression-error';
import { expressionFunctions } from '../../../domain/expressions/functions/catalogue';
import { expressionLimits } from '../../../domain/expressions/limits';
import { parseTemplate } from '../../../domain/expressions/parse-template';
import { printTemplate } from './print-template';
import type { ExpressionScope } from '../../../domain/expressions/scope';
import type { ExpressionNode, Step } from '../../../domain/expressions/syntax';

/** Nodes as they come, whatever functions make of them. */
const { node } = fc.letrec<{ node: ExpressionNode; literal: ExpressionNode; call: ExpressionNode }>(
  (tie) => ({
    literal: fc
      .oneof(
        fc.string({ maxLength: 12 }),
        fc.integer({ min: -5, max: 200 }),
        fc.constantFrom(0.5, -2.25, 1e9, true, false, null),
        fc.constantFrom(
          'Read',
          'x',
          '2024-02-29T10:00:00Z',
          'N2',
          'dddd d MMMM',
          'UTC',
          '{"a":[1]}',
          "it's",
          '@{}',
        ),
      )
      .map((value) => ({ type: 'literal', value, at: 0 })),
    call: fc
      .constantFrom(...expressionFunctions)
      .chain(({ name, least, most }) =>
        fc
          .array(tie('node'), { minLength: least, maxLength: Math.min(most, least + 2) })
          .map((values) => ({ type: 'call', name, values, at: 0 })),
      ),
    node: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'node' },
      tie('literal'),
      tie('call'),
      fc
        .tuple(tie('call'), fc.array(fc.tuple(tie('literal'), fc.boolean()), { minLength: 1, maxLength: 3 }))
        .map(([root, steps]): ExpressionNode =>
          root.type === 'call'
            ? { type: 'path', root, steps: steps.map(([key, optional]): Step => ({ key, optional, at: 0 })) }
            : root,
        ),
    ),
  }),
);

const body = { a: [1, { b: 'text' }], n: null, deep: { er: { x: true } } };
const scope: ExpressionScope = {
  now: Date.UTC(2026, 0, 31),
  trigger: { body },
  actions: { Read: { status: 'Succeeded', outputs: body } },
  variables: { x: 'xx' },
  parameters: { x: 7 },
  loops: [{ name: 'x', item: 'i', index: 0 }],
  seed: 'seed',
};

/** The same without places, of which a printed expression has others. */
function withoutPlaces(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === 'at' ? undefined : inner)));
}

test('what is printed is parsed to the same', () => {
  fc.assert(
    fc.property(node, (value) => {
      const printed = printTemplate({ kind: 'value', value });
      const template = parseTemplate(printed);
      expect(printTemplate(template)).toBe(printed);
      expect(withoutPlaces(template)).toEqual(withoutPlaces(parseTemplate(printTemplate(template))));
      expect(
        withoutPlaces(parseTemplate(`a ${printTemplate({ kind: 'parts', parts: [value] })}`)),
      ).toMatchObject({
        kind: 'parts',
      });
    }),
    { numRuns: 500 },
  );
});

test('whatever is evaluated gives a value, always the same one, or an ExpressionError', () => {
  let values = 0;
  fc.assert(
    fc.property(node, (value) => {
      const printed = printTemplate({ kind: 'value', value });
      const first = outcome(printed);
      expect(outcome(printed)).toEqual(first);
      if (!(first instanceof ExpressionError)) values++;
      expect(checkTemplate(printed, { path: '' })).toEqual([]);
    }),
    { numRuns: 3_000 },
  );
  expect(values).toBeGreaterThan(300);
});

test('any text is parsed or refused with a place in it', () => {
  const pieces = fc.constantFrom(
    '@',
    '@@',
    '@{',
    '}',
    '(',
    ')',
    '[',
    ']',
    '?',
    '.',
    "'",
    ',',
    ' ',
    '1',
    'concat',
    'null',
    '\\',
    'é',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(pieces, { maxLength: 30 }).map((all) => all.join('')),
      ),
      (text) => {
        for (const problem of checkTemplate(text, { path: 'p' })) {
          expect(problem.at).toBeGreaterThanOrEqual(0);
          expect(problem.at).toBeLessThanOrEqual(text.length);
        }
        const made = outcome(text);
        if (made instanceof ExpressionError) expect(made.at).toBeLessThanOrEqual(text.length);
      },
    ),
    { numRuns: 3_000 },
  );
});

function outcome(text: string): unknown {
  try {
    return evaluate(text, scope);
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
}

describe('limits', () => {
  const big = 'x'.repeat(expressionLimits.resultCharacters / 2);
  const many = Array.from({ length: expressionLimits.items }, () => 'a');
  let nested: unknown = 1;
  for (let depth = 0; depth < expressionLimits.depth; depth++) nested = [nested];
  let doubled: unknown = ['x'];
  for (let round = 0; round < 60; round++) doubled = [doubled, doubled];
  const given: ExpressionScope = { ...scope, variables: { big, many, nested, doubled } };

  test.each([
    ['a text made of others', "@concat(variables('big'), variables('big'), 'x')", 'characters'],
    ['a text in a text', "@{variables('big')}@{variables('big')}x", 'characters'],
    ['a text with many replacements', "@replace(variables('big'), 'x', variables('big'))", 'characters'],
    ['a text of a list', "@join(createArray(variables('big'), variables('big')), '--')", 'characters'],
    ['an escaped text', "@uriComponent(replace(variables('big'), 'x', '/'))", 'characters'],
    ['a list of large texts', "@createArray(variables('big'), variables('big'))", 'characters'],
    ['pieces of a text', "@split(variables('big'), 'x')", 'more than 100000 items'],
    [
      'a list in lists',
      "@createArray(variables('nested'))",
      'more than 100 lists or objects within each other',
    ],
    ['a list that holds itself many times', "@variables('doubled')", 'has more than'],
    ['its text', "@string(variables('doubled'))", 'has more than'],
    ['a comparison of it', "@equals(variables('doubled'), 1)", 'has more than'],
    ['JSON of great depth', "@json(concat('[[', variables('brackets'), ']]'))", 'within each other'],
  ])('%s', (_what, text, problem) => {
    const brackets = `${'['.repeat(200)}${']'.repeat(200)}`;
    const evaluated = (): unknown =>
      evaluate(text, { ...given, variables: { ...given.variables, brackets } });
    expect(evaluated).toThrow(expect.objectContaining({ code: 'ExpressionLimitExceeded' }));
    expect(evaluated).toThrow(problem);
  });

  test('a template in which lists stand in lists without end', () => {
    let template: unknown = '@utcNow()';
    for (let depth = 0; depth < 10_000; depth++) template = [template];
    expect(() => evaluate(template, scope)).toThrow(
      expect.objectContaining({ code: 'ExpressionLimitExceeded' }),
    );
    expect(checkTemplate(template, { path: '' })).toHaveLength(1);
  });
});
