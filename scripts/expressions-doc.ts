import { writeFileSync } from 'node:fs';
import { expressionFunctions } from '../domain/expressions/functions/catalogue';
import { groups, type ExpressionFunction } from '../domain/expressions/functions/define';
import { expressionLimits } from '../domain/expressions/limits';

/*
 * Writes docs/expressions.md from the catalogue of functions, from the product's folder: `npm run build && npm run docs`.
 * test/docs/expressions.test.ts fails when the two differ.
 */

const INTRODUCTION = `# Expressions

<!-- Written by scripts/expressions-doc.ts from domain/expressions: change that, not this file. -->

Strings of a flow definition may hold expressions of the Workflow Definition Language. They are evaluated when the action starts.

| in a string | gives |
| --- | --- |
| \`@triggerBody()?['total']\` | the value, in its own type: the whole string is one expression |
| \`Total: @{triggerBody()?['total']}\` | text with the value in it: null as nothing, lists and objects as JSON |
| \`@@home\` | the text \`@home\`; \`@@{\` stands for \`@{\` |

An expression is a call of a function with values in brackets, a text in single quotes (\`'it''s'\`), a number, \`true\`, \`false\` or
\`null\`. Behind it may stand \`['property']\`, \`.property\` and \`[0]\`; with \`?\` before it (\`?['property']\`) what is not there is null,
without it that is an error. Names of functions may be written in any case; names of actions, properties, variables and parameters
as they are.

## What is checked when a flow is stored

Syntax, names of functions and how many values they take; that \`outputs\`, \`body\`, \`actions\` and \`result\` name an action that ends before
(it is waited for by \`runAfter\`, directly or not, or stands within one that is); that \`items\` and \`iterationIndexes\` name a loop around
the action; that variables and parameters exist. Every problem is named with its place: \`actions.Read.inputs.text\`, and the
column in the string. \`attendant flows validate <folder>\` says the same without a host. The first value of a variable cannot be made of
that variable, and the default of a parameter is a value, not an expression: nothing can be made of itself.

## When an expression fails

Its action fails with \`ExpressionFailed\`; the details name the expression, the column and the reason. Limits keep an expression
from taking the time and memory of others; beyond them the action fails with \`ExpressionLimitExceeded\`:

| limit | at most |
| --- | --- |
| characters of a string with expressions | ${expressionLimits.characters} |
| open brackets in an expression; lists and objects within each other in a value | ${expressionLimits.depth} |
| characters of a text that is made, and of a whole value as JSON | ${expressionLimits.resultCharacters} |
| items of a list that is made, and that a \`Select\`, \`Query\`, \`Table\` or \`Join\` works on | ${expressionLimits.items} |
| what functions read and make for all items of a \`Select\`, \`Query\` or \`Table\`, in characters | ${expressionLimits.work} |

## The same again

A run is replayed from its history, so every function gives the same value for the same run: \`utcNow()\` is the time at which the action
started, \`guid()\` and \`rand()\` are made from the run, the action and the round of its loops. They are unlike in another run, but they
are no secrets. Time zones are those of the data that Node.js brings along.

## Values

- Whole numbers are exact up to ±${Number.MAX_SAFE_INTEGER}; what would go beyond is an error. \`5.0\` and \`float('5')\` are floating:
  \`div(11, 5)\` is 2, \`div(11, 5.0)\` is 2.2.
- Functions do not turn texts into numbers or the other way round: \`add('1', 2)\` is an error, \`add(int('1'), 2)\` is 3.
- null is accepted by \`coalesce\`, \`concat\`, \`empty\`, \`equals\`, \`string\`, \`json\` and wherever anything is; elsewhere it is an error.
- A timestamp is ISO 8601, or written with digits or the month's name as in the United States. With an offset it becomes UTC; without one
  it has no zone, and the result has no \`Z\`. Formats are those of .NET, standard (\`o\`, \`D\`, \`s\`, …) or custom (\`yyyy-MM-dd HH:mm\`).
  Months and days have the names of the locale; the standard formats of people's dates, and the currency format \`C\`, are
  there for en-US alone.
- A time that clocks show twice at the end of summer time is taken as standard time; one that they never show is an error.

Not there: \`xml\`, \`xpath\`, the functions of binary content, forms and multipart bodies, \`decimal\`, \`uriHost\` and its like,
\`listCallbackUrl\`, \`action\`. They are refused when a flow is stored.

## Functions
`;

/** Text of docs/expressions.md. */
export function expressionsDocument(): string {
  return [INTRODUCTION, ...groups.flatMap(section)].join('\n');
}

function section(group: string): string[] {
  const own = expressionFunctions.filter((one) => one.group === group);
  return [`### ${group}`, '', '| function | gives |', '| --- | --- |', ...own.map(row), ''];
}

function row({ name, takes, says }: ExpressionFunction): string {
  return `| \`${name}(${takes.join(', ')})\` | ${says} |`;
}

if (require.main === module) {
  writeFileSync('docs/expressions.md', expressionsDocument());
}
