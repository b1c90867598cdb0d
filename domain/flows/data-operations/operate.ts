import type { DataOperation } from '../../../contracts/flow-definition/data-operations';
import { evaluate, repeatedly } from '../../expressions/evaluate';
import { FunctionProblem } from '../../expressions/expression-error';
import type { ExpressionScope } from '../../expressions/scope';
import { asText, isList, isObject, kindOf, requireItems, requireLength } from '../../expressions/values';
import { decide } from '../conditions';
import { parseContent } from './parse-json';
import { DataOperationError } from './problem';
import { csvTable, htmlTable } from './tables';

/** What a data operation was given, and what it makes of it: `outputs()` and `body()` are the value itself. */
interface Operated {
  inputs: unknown;
  outputs: unknown;
}

/**
 * Does what `Select`, `Query`, `Table`, `Join` and `ParseJson` do ("Perform data operations" of Logic Apps; docs/flows.md). Within what is
 * evaluated for each item, `item()` is that item; the loops around the action are still there by their names.
 * @param name of the action
 * @throws ExpressionError, ConditionError, DataOperationError
 */
export function operate(name: string, action: DataOperation, scope: ExpressionScope): Operated {
  try {
    return action.type === 'ParseJson'
      ? parse(action.inputs, scope)
      : onList(name, action, scope, listFrom(action, scope));
  } catch (error) {
    if (!(error instanceof FunctionProblem)) throw error;
    throw new DataOperationError(
      `${action.type}: ${error.message}.`,
      error.code === 'ExpressionLimitExceeded' ? error.code : 'DataOperationFailed',
    );
  }
}

type ListOperation = Exclude<DataOperation, { type: 'ParseJson' }>;

function onList(
  name: string,
  action: ListOperation,
  scope: ExpressionScope,
  from: readonly unknown[],
): Operated {
  switch (action.type) {
    case 'Select':
      return { inputs: { from }, outputs: select(itemByItem(name, from, scope), from, action.inputs.select) };
    case 'Query': {
      const { where } = action.inputs;
      const each = itemByItem(name, from, scope);
      return { inputs: { from }, outputs: from.filter((_item, index) => decide(each(index, where))) };
    }
    case 'Table': {
      const { format } = action.inputs;
      const rows = rowsOf(name, action.inputs, from, scope);
      return { inputs: { from, format }, outputs: format === 'CSV' ? csvTable(rows) : htmlTable(rows) };
    }
    case 'Join': {
      const joinWith = asText(evaluate(action.inputs.joinWith, scope));
      return { inputs: { from, joinWith }, outputs: textOf(from.map(asText), joinWith) };
    }
  }
}

function listFrom({ type, inputs }: ListOperation, scope: ExpressionScope): readonly unknown[] {
  const from = evaluate(inputs.from, scope);
  if (!isList(from)) throw new DataOperationError(`${type}: "from" is ${kindOf(from)}, not a list.`);
  requireItems(from.length);
  return from;
}

/** Evaluates a template for the item of a number. */
type EachItem = (index: number, template: unknown) => unknown;

function itemByItem(name: string, from: readonly unknown[], scope: ExpressionScope): EachItem {
  const evaluated = repeatedly();
  const { loops = [], seed } = scope;
  return (index, template) =>
    evaluated(template, {
      ...scope,
      loops: [...loops, { name, item: from[index], index }],
      ...(seed === undefined ? {} : { seed: `${seed}/${index}` }),
    });
}

function select(each: EachItem, from: readonly unknown[], template: unknown): unknown[] {
  let characters = 0;
  return from.map((_item, index) => {
    const made = each(index, template);
    // Each is small by itself; together they may not be.
    characters += (JSON.stringify(made) as string | undefined)?.length ?? 4;
    requireLength(characters);
    return made;
  });
}

function rowsOf(
  name: string,
  { columns }: Extract<ListOperation, { type: 'Table' }>['inputs'],
  from: readonly unknown[],
  scope: ExpressionScope,
): { headers: string[] | undefined; rows: string[][] } {
  let characters = 0;
  const cell = (value: unknown): string => {
    const text = asText(value);
    characters += text.length + 1;
    requireLength(characters);
    return text;
  };
  if (columns) {
    const each = itemByItem(name, from, scope);
    const headers = columns.map(({ header = '' }) => cell(evaluate(header, scope)));
    return {
      headers: headers.some((header) => header !== '') ? headers : undefined,
      rows: from.map((_item, index) => columns.map(({ value }) => cell(each(index, value)))),
    };
  }
  const headers = Object.keys(rowAt(from, 0) ?? {}).map(cell);
  return {
    headers,
    rows: from.map((_item, index) => {
      const row = rowAt(from, index) ?? {};
      return headers.map((key) => cell(Object.hasOwn(row, key) ? row[key] : null));
    }),
  };
}

function rowAt(from: readonly unknown[], index: number): Readonly<Record<string, unknown>> | undefined {
  const item = from[index];
  if (index >= from.length || isObject(item)) return item as Readonly<Record<string, unknown>> | undefined;
  throw new DataOperationError(
    `Table: item ${index} is ${kindOf(item)}, not an object with properties: name the columns.`,
  );
}

function textOf(texts: readonly string[], separator: string): string {
  requireLength(texts.reduce((sum, one) => sum + one.length + separator.length, 0));
  return texts.join(separator);
}

function parse(
  inputs: Extract<DataOperation, { type: 'ParseJson' }>['inputs'],
  scope: ExpressionScope,
): Operated {
  const content = evaluate(inputs.content, scope);
  return { inputs: { content }, outputs: parseContent(content, inputs.schema) };
}
