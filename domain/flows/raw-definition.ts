/** Blocks within blocks; actions in a definition. */
export const DEEPEST = 8;
export const MOST_ACTIONS = 1_000;

/** A block of actions as it was written, whether its actions are valid or not. */
export interface RawBlock {
  path: string[];
  actions: Readonly<Record<string, Raw>>;
  /** Names of the loops around it, outermost first. */
  loops: string[];
}

type Raw = Readonly<Record<string, unknown>>;

/** Every block of the definition, the outermost first. */
export function rawBlocks(body: unknown): RawBlock[] {
  return isRaw(body) ? blocksAt(body['actions'], ['actions'], []) : [];
}

function blocksAt(block: unknown, path: string[], loops: string[]): RawBlock[] {
  if (!isRaw(block)) return [];
  const actions = Object.fromEntries(
    Object.entries(block).flatMap(([name, each]) => (isRaw(each) ? [[name, each]] : [])),
  );
  const inner = Object.entries(actions).flatMap(([name, action]) => {
    const inside = action['type'] === 'Foreach' || action['type'] === 'Until' ? [...loops, name] : loops;
    return innerBlocks(action).flatMap(({ at, actions: below }) =>
      blocksAt(below, [...path, name, ...at], inside),
    );
  });
  return [{ path, actions, loops }, ...inner];
}

function innerBlocks(action: Raw): { at: string[]; actions: unknown }[] {
  const cases = isRaw(action['cases']) ? Object.entries(action['cases']) : [];
  const within = (at: string[], block: unknown) =>
    isRaw(block) && block['actions'] !== undefined
      ? [{ at: [...at, 'actions'], actions: block['actions'] }]
      : [];
  return [
    ...within([], action),
    ...within(['else'], action['else']),
    ...cases.flatMap(([name, each]) => within(['cases', name], each)),
    ...within(['default'], action['default']),
  ];
}

/** The path of the first block that is nested deeper than blocks may be. Looks at no more levels than that. */
export function tooDeep(body: unknown): string[] | undefined {
  const visit = (block: unknown, path: string[], depth: number): string[] | undefined => {
    if (!isRaw(block)) return undefined;
    if (depth > DEEPEST) return path;
    for (const [name, action] of Object.entries(block)) {
      if (!isRaw(action)) continue;
      for (const { at, actions } of innerBlocks(action)) {
        const found = visit(actions, [...path, name, ...at], depth + 1);
        if (found) return found;
      }
    }
    return undefined;
  };
  return isRaw(body) ? visit(body['actions'], ['actions'], 1) : undefined;
}

export function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
