import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { evaluate } from '../../../domain/expressions/evaluate';
import { ExpressionError } from '../../../domain/expressions/expression-error';
import { expressionFunctions } from '../../../domain/expressions/functions/catalogue';
import type { ExpressionScope } from '../../../domain/expressions/scope';

const scope: ExpressionScope = {
  now: Date.UTC(2018, 2, 1),
  trigger: { name: 'manual', body: { n: 3 } },
  actions: {
    Read: { status: 'Succeeded', outputs: { statusCode: 200, body: { rows: 2 } }, body: { rows: 2 } },
    Sum: { status: 'Succeeded', outputs: 12 },
    Fail: { status: 'Failed', error: { code: 'NoCandidateMachine' } },
  },
  variables: { numItems: 20 },
  parameters: { fullName: 'Sophia Owen', none: null },
  workflow: { name: 'report', run: { name: '01J' } },
  loops: [
    { name: 'Outer', item: { id: 7 }, index: 0 },
    { name: 'Inner', item: 'b', index: 1 },
  ],
  results: {
    Both: [
      { name: 'Read', status: 'Succeeded' },
      { name: 'Sum', status: 'Failed' },
    ],
  },
  seed: 'a run',
};

interface Case {
  name: string;
  expression: string;
  value?: string;
  refusal?: string;
}

function casesOf(table: string): Case[] {
  let name = '';
  const cases: Case[] = [];
  for (const line of table.split('\n')) {
    if (line.startsWith('## ')) name = line.slice(3);
    const [, expression, value] = /^([^#].*?) => (.*)$/.exec(line) ?? [];
    const [, refused, refusal] = /^([^#].*?) !! (.*)$/.exec(line) ?? [];
    if (expression !== undefined && value !== undefined) cases.push({ name, expression, value });
    else if (refused !== undefined && refusal !== undefined)
      cases.push({ name, expression: refused, refusal });
    else if (line !== '' && !line.startsWith('#')) throw new Error(`not a case: ${line}`);
  }
  return cases;
}

const cases = casesOf(readFileSync(join(__dirname, 'conformance.txt'), 'utf8'));

test.each(cases)('$expression', ({ expression, value, refusal }) => {
  if (value !== undefined) expect(evaluate(`@${expression}`, scope)).toEqual(JSON.parse(value));
  else {
    const refused = (): unknown => evaluate(`@${expression}`, scope);
    expect(refused).toThrow(ExpressionError);
    expect(refused).toThrow(refusal);
  }
});

test('every function has at least three cases, one of them a refusal', () => {
  const poor = expressionFunctions.filter(({ name }) => {
    const own = cases.filter((one) => one.name === name);
    return own.length < 3 || !own.some(({ refusal }) => refusal !== undefined);
  });
  expect(poor.map(({ name }) => name)).toEqual([]);
  const known = expressionFunctions.map(({ name }) => name);
  expect(cases.map(({ name }) => name).filter((name) => !known.includes(name))).toEqual([]);
});
