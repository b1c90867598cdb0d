/** What expressions name: `outputs('Read')` is `{ call: 'outputs', name: 'Read' }`. */
export interface Reference {
  call: string;
  name: string;
}

const CALLS = 'actions|outputs|body|result|items|iterationIndexes|variables|parameters';
const CALL = new RegExp(`\\b(${CALLS})\\s*\\(\\s*'((?:[^']|'')*)'`, 'gi');

/** The name is made by an expression, or is not given at all: `outputs(variables('which'))`, `item()`. */
const UNNAMED = new RegExp(`\\b(${CALLS})\\s*\\(\\s*[^'\\s]|\\b(item)\\s*\\(`, 'gi');

const TRIGGER = /\btrigger(Body|Outputs|FormDataValue)?\s*\(/i;

/** Every name in the expressions of `template`, at any depth. */
export function referencesIn(template: unknown): Reference[] {
  return stringsIn(template).flatMap((text) =>
    [...text.matchAll(CALL)].map(([, call = '', name = '']) => ({
      call: call.toLowerCase(),
      name: name.replaceAll("''", "'"),
    })),
  );
}

/** Calls whose name only the run knows, in lower case: they may read anything of their kind; `item` is one of them. */
export function unnamedCallsIn(template: unknown): Set<string> {
  const calls = stringsIn(template).flatMap((text) =>
    [...text.matchAll(UNNAMED)].map(([, call]) => call?.toLowerCase() ?? 'item'),
  );
  return new Set(calls);
}

/** Whether any expression in it reads the trigger's data. */
export function readsTrigger(template: unknown): boolean {
  return stringsIn(template).some((text) => TRIGGER.test(text));
}

const READS_ACTION: ReadonlySet<string> = new Set(['actions', 'outputs', 'body', 'result']);

/** Names of the actions whose inputs or outputs its expressions read. */
export function actionsRead(template: unknown): Set<string> {
  return new Set(
    referencesIn(template)
      .filter(({ call }) => READS_ACTION.has(call))
      .map(({ name }) => name),
  );
}

function stringsIn(template: unknown): string[] {
  if (typeof template === 'string') return template.includes('@') ? [template] : [];
  if (template === null || typeof template !== 'object') return [];
  return Object.values(template).flatMap(stringsIn);
}
