/** One place in a definition that is wrong; `path` is a JSON Pointer (RFC 6901). */
export interface DefinitionProblem {
  path: string;
  message: string;
  /** The string whose expression is wrong, and the place in it from 0. */
  expression?: string;
  at?: number;
}

export function pointer(path: readonly string[]): string {
  return path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
