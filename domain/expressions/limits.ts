/** What keeps an expression from taking the host's time and memory. docs/expressions.md names them. */
export const expressionLimits = {
  /** Characters of a string that holds expressions. */
  characters: 8_192,
  /** Brackets within brackets in an expression; lists and objects within each other in a value. */
  depth: 100,
  /** Characters of a text that an expression makes, and of a whole evaluated value written as JSON. */
  resultCharacters: 1_048_576,
  /** Items of a list that an expression makes. */
  items: 100_000,
  /**
   * What the functions of a template that is evaluated for each item of a list may read and make altogether, about in characters of JSON:
   * a few seconds of work.
   */
  work: 50_000_000,
} as const;
