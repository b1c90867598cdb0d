/** Where a random history takes its choices from. */
export interface Choices {
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number;
}

/** Repeatable choices from a number (mulberry32). */
export function choicesFrom(seed: number): Choices {
  let state = seed | 0;
  return {
    below(limit) {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) % limit;
    },
  };
}

export function pick<T>(choices: Choices, items: readonly T[]): T {
  const item = items[choices.below(items.length)];
  if (item === undefined) throw new Error('there is nothing to pick from');
  return item;
}

/** True once in `times`. */
export function once(choices: Choices, times: number): boolean {
  return choices.below(times) === 0;
}
