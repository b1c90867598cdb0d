import { FunctionProblem } from '../expression-error';
import { expressionLimits } from '../limits';
import {
  asText,
  identityOf,
  isList,
  isObject,
  kindOf,
  requireItems,
  requireLength,
  type JsonObject,
} from '../values';
import { compare } from './compare';
import { anything, define, either, integer, list, object, optional, text, type Parameter } from './define';

const textOrList = either(text('collection'), list('collection'));

const collection: Parameter<string | readonly unknown[] | JsonObject> = either(
  textOrList,
  object('collection'),
);

const nothing: Parameter<null> = { name: '', kind: 'null', accepts: (value) => value === null };

/** Two or more lists, or two or more objects. */
const sameKind = { parameter: either(list('collection'), object('collection')), least: 1 };

export const collections = [
  define({
    name: 'length',
    group: 'Lists',
    says: 'The number of characters of a text or of items of a list.',
    parameters: [textOrList],
    call: ([value]) => value.length,
  }),
  define({
    name: 'empty',
    group: 'Lists',
    says: 'Whether a text, list or object has nothing in it; null is empty.',
    parameters: [either(collection, nothing)],
    call: ([value]) => value === null || (isObject(value) ? Object.keys(value).length : value.length) === 0,
  }),
  define({
    name: 'contains',
    group: 'Lists',
    says: 'Whether a text has a part, a list an item, an object a property; case matters.',
    parameters: [collection, anything('value')],
    call: ([value, wanted]) => contains(value, wanted),
  }),
  define({
    name: 'first',
    group: 'Lists',
    says: 'The first character or item; null of an empty list.',
    parameters: [textOrList],
    call: ([value]) => (isList(value) ? (value[0] ?? null) : value.slice(0, 1)),
  }),
  define({
    name: 'last',
    group: 'Lists',
    says: 'The last character or item; null of an empty list.',
    parameters: [textOrList],
    call: ([value]) => (isList(value) ? (value.at(-1) ?? null) : value.slice(-1)),
  }),
  define({
    name: 'take',
    group: 'Lists',
    says: 'So many characters or items from the front.',
    parameters: [textOrList, integer('count')],
    call: ([value, count]) => value.slice(0, positive('take', count)),
  }),
  define({
    name: 'skip',
    group: 'Lists',
    says: 'What is left without so many characters or items at the front.',
    parameters: [textOrList, integer('count')],
    call: ([value, count]) => value.slice(positive('skip', count)),
  }),
  define({
    name: 'join',
    group: 'Lists',
    says: 'The items as one text with a separator between them.',
    parameters: [list('collection'), text('separator')],
    call: ([items, separator]) => {
      const texts = items.map(asText);
      requireLength(texts.reduce((sum, one) => sum + one.length + separator.length, 0));
      return texts.join(separator);
    },
  }),
  define({
    name: 'createArray',
    group: 'Lists',
    says: 'A list of the values.',
    parameters: [],
    rest: { parameter: anything('value'), least: 0 },
    call: (_values, { rest }) => rest,
  }),
  define({
    name: 'union',
    group: 'Lists',
    says: 'All items of lists, each once; all properties of objects, the last of a name.',
    parameters: [],
    rest: sameKind,
    call: (_values, { rest }) => union(rest),
  }),
  define({
    name: 'intersection',
    group: 'Lists',
    says: 'The items that all lists have; the properties that all objects have, the last of a name.',
    parameters: [],
    rest: sameKind,
    call: (_values, { rest }) => intersection(rest),
  }),
  define({
    name: 'reverse',
    group: 'Lists',
    says: 'The items from last to first.',
    parameters: [list('collection')],
    call: ([items]) => [...items].reverse(),
  }),
  define({
    name: 'sort',
    group: 'Lists',
    says: 'The items in rising order: numbers, texts or true and false; objects by one of their properties.',
    parameters: [list('collection'), optional(text('property'))],
    call: ([items, property]) => {
      const keyed = items.map((item) => ({ item, key: sortKey(item, property) }));
      return keyed.sort((a, b) => compare(a.key, b.key)).map(({ item }) => item);
    },
  }),
  define({
    name: 'range',
    group: 'Lists',
    says: 'So many whole numbers from one on.',
    parameters: [integer('start'), integer('count')],
    call: ([start, count]) => {
      if (count < 1 || count > expressionLimits.items) {
        throw new FunctionProblem(`range() makes 1 to ${expressionLimits.items} numbers, not ${count}`);
      }
      if (start + count > 2_147_483_647) throw new FunctionProblem('range() does not go beyond 2147483647');
      return Array.from({ length: count }, (_, index) => start + index);
    },
  }),
  define({
    name: 'chunk',
    group: 'Lists',
    says: 'A text or list in pieces of a length; the last may be shorter.',
    parameters: [textOrList, integer('length')],
    call: ([value, length]) => {
      if (length < 1) throw new FunctionProblem('chunk() makes pieces of at least 1');
      const count = Math.ceil(value.length / length);
      requireItems(count);
      return Array.from({ length: count }, (_, index) => value.slice(index * length, (index + 1) * length));
    },
  }),
];

function contains(value: string | readonly unknown[] | JsonObject, wanted: unknown): boolean {
  if (isList(value)) {
    const identity = identityOf(wanted ?? null);
    return value.some((item) => identityOf(item ?? null) === identity);
  }
  if (typeof wanted !== 'string') {
    throw new FunctionProblem(`contains() looks for text in text and in objects, not for ${kindOf(wanted)}`);
  }
  return typeof value === 'string' ? value.includes(wanted) : Object.hasOwn(value, wanted);
}

function positive(name: string, count: number): number {
  if (count < 0) throw new FunctionProblem(`${name}() takes a count of 0 or more, not ${count}`);
  return count;
}

type Collection = readonly unknown[] | JsonObject;

function union(all: readonly Collection[]): Collection {
  const { lists, objects } = ofOneKind('union', all);
  if (objects.length > 0) return Object.fromEntries(objects.flatMap((one) => Object.entries(one)));
  return [...new Map(lists.flat().map((item) => [identityOf(item ?? null), item] as const)).values()];
}

function intersection(all: readonly Collection[]): Collection {
  const { lists, objects } = ofOneKind('intersection', all);
  if (objects.length > 0) {
    const common = Object.keys(objects[0] ?? {}).filter((key) =>
      objects.every((one) => Object.hasOwn(one, key)),
    );
    return Object.fromEntries(common.map((key) => [key, objects.at(-1)?.[key]]));
  }
  const [first = [], ...others] = lists.map(
    (one) => new Map(one.map((item) => [identityOf(item ?? null), item] as const)),
  );
  return [...first].filter(([identity]) => others.every((one) => one.has(identity))).map(([, item]) => item);
}

function ofOneKind(
  name: string,
  all: readonly Collection[],
): { lists: (readonly unknown[])[]; objects: JsonObject[] } {
  const lists = all.filter(isList);
  const objects = all.filter(isObject);
  if (lists.length > 0 && objects.length > 0) {
    throw new FunctionProblem(`${name}() takes lists or objects, not both`);
  }
  return { lists, objects };
}

function sortKey(item: unknown, property: string | undefined): unknown {
  if (property === undefined) return typeof item === 'boolean' ? Number(item) : item;
  if (!isObject(item) || !Object.hasOwn(item, property)) {
    throw new FunctionProblem(`sort() finds no property "${property}" in every item`);
  }
  return sortKey(item[property], undefined);
}
