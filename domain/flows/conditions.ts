/** The conditions of an `If` cannot be decided; the action fails with this message. */
export class ConditionError extends Error {}

/**
 * Decides evaluated conditions: true or false, or an object such as `{ and: [ { equals: [1, 1] }, { not: { contains: [list, x] } } ] }`.
 * @throws ConditionError
 */
export function decide(condition: unknown): boolean {
  if (typeof condition === 'boolean') return condition;
  if (typeof condition !== 'object' || condition === null || Array.isArray(condition)) {
    throw new ConditionError(`The condition is neither true nor false but ${JSON.stringify(condition)}.`);
  }
  const [[operator, operands], ...others] = Object.entries(condition) as [[string, unknown], ...unknown[]];
  if (operator === undefined || others.length > 0) {
    throw new ConditionError('A condition has exactly one operator, such as { "equals": [a, b] }.');
  }
  switch (operator.toLowerCase()) {
    case 'and':
      return list(operator, operands).every(decide);
    case 'or':
      return list(operator, operands).some(decide);
    case 'not':
      return !decide(Array.isArray(operands) ? operands[0] : operands);
    default:
      return compare(operator, list(operator, operands));
  }
}

function compare(operator: string, [left, right]: unknown[]): boolean {
  switch (operator.toLowerCase()) {
    case 'equals':
      return same(left, right);
    case 'greater':
      return ordered(left, right) > 0;
    case 'greaterorequals':
      return ordered(left, right) >= 0;
    case 'less':
      return ordered(left, right) < 0;
    case 'lessorequals':
      return ordered(left, right) <= 0;
    case 'contains':
      return contains(left, right);
    case 'startswith':
      return String(left).toLowerCase().startsWith(String(right).toLowerCase());
    case 'endswith':
      return String(left).toLowerCase().endsWith(String(right).toLowerCase());
    default:
      throw new ConditionError(`The condition has the operator "${operator}", which is not supported.`);
  }
}

function list(operator: string, operands: unknown): unknown[] {
  if (!Array.isArray(operands)) throw new ConditionError(`"${operator}" has no list of operands.`);
  return operands as unknown[];
}

/** Equal values of JSON; the order of properties does not matter. */
export function same(left: unknown, right: unknown): boolean {
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) {
    return left === right;
  }
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const [a, b] = [Object.entries(left), new Map(Object.entries(right))];
  return a.length === b.size && a.every(([key, value]) => b.has(key) && same(value, b.get(key)));
}

function ordered(left: unknown, right: unknown): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : Number(left > right);
  throw new ConditionError(
    `${JSON.stringify(left)} and ${JSON.stringify(right)} cannot be compared: neither two numbers nor two strings.`,
  );
}

function contains(whole: unknown, part: unknown): boolean {
  if (typeof whole === 'string') return whole.includes(String(part));
  if (Array.isArray(whole)) return whole.some((item) => same(item, part));
  if (typeof whole === 'object' && whole !== null) return Object.hasOwn(whole, String(part));
  throw new ConditionError(`${JSON.stringify(whole)} can contain nothing.`);
}
