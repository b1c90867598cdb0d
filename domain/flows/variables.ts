/** What was done to a variable since its changes were taken last; changes of parallel branches are put together in any order. */
export type VariableChange =
  | { op: 'set'; value: unknown }
  | { op: 'add'; by: number }
  | { op: 'append'; items: unknown[] }
  | { op: 'concat'; text: string };
export type VariableChanges = Record<string, VariableChange>;

/** A variable cannot be changed like that; the action fails with this message. */
export class VariableError extends Error {}

/**
 * The variables of a run as one orchestration sees them. Others work on a copy; what they changed comes back as changes, so that
 * two branches that count up or append at the same time both count.
 */
export class Variables {
  readonly values: Record<string, unknown>;
  private changes: VariableChanges = {};

  constructor(values: Readonly<Record<string, unknown>>) {
    this.values = { ...values };
  }

  /** @throws VariableError */
  apply(name: string, change: VariableChange): void {
    this.values[name] = changed(name, this.values[name], change);
    const before = this.changes[name];
    this.changes[name] = before ? combined(name, before, change) : change;
  }

  applyAll(changes: VariableChanges): void {
    for (const [name, change] of Object.entries(changes)) this.apply(name, change);
  }

  /** The changes since they were taken last. */
  take(): VariableChanges {
    const taken = this.changes;
    this.changes = {};
    return taken;
  }
}

function changed(name: string, value: unknown, change: VariableChange): unknown {
  switch (change.op) {
    case 'set':
      if (value !== undefined && kindOf(value) !== kindOf(change.value)) {
        throw new VariableError(
          `The variable "${name}" is of type ${kindOf(value)}, the value ${kindOf(change.value)}.`,
        );
      }
      return change.value;
    case 'add':
      if (typeof value !== 'number') throw new VariableError(`The variable "${name}" is not a number.`);
      return value + change.by;
    case 'append':
      if (!Array.isArray(value)) throw new VariableError(`The variable "${name}" is not an array.`);
      return [...(value as unknown[]), ...change.items];
    case 'concat':
      if (typeof value !== 'string') throw new VariableError(`The variable "${name}" is not a string.`);
      return value + change.text;
  }
}

/** A variable keeps its kind, so changes of several branches always fit together. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value;
}

function combined(name: string, first: VariableChange, then: VariableChange): VariableChange {
  if (then.op === 'set') return then;
  if (first.op === 'set') return { op: 'set', value: changed(name, first.value, then) };
  if (first.op === 'add' && then.op === 'add') return { op: 'add', by: first.by + then.by };
  if (first.op === 'append' && then.op === 'append') {
    return { op: 'append', items: [...first.items, ...then.items] };
  }
  if (first.op === 'concat' && then.op === 'concat') return { op: 'concat', text: first.text + then.text };
  throw new VariableError(`The variable "${name}" is changed as things of two types.`);
}

const TYPES: Record<string, (value: unknown) => boolean> = {
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isInteger(value),
  float: (value) => typeof value === 'number',
  string: (value) => typeof value === 'string',
  array: Array.isArray,
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

/** Values that a variable starts with when none is given. */
const EMPTY: Record<string, unknown> = {
  boolean: false,
  integer: 0,
  float: 0,
  string: '',
  array: [],
  object: {},
};

/** @throws VariableError when the value is not of the type. */
export function initialValue(name: string, type: string, value: unknown): unknown {
  const first = value ?? EMPTY[type];
  if (!TYPES[type]?.(first)) throw new VariableError(`The value of the variable "${name}" is no ${type}.`);
  return first;
}
