import { calculations } from './calculations';
import { collections } from './collections';
import { conversion } from './conversion';
import { dates } from './dates';
import { groups, type ExpressionFunction } from './define';
import { logic } from './logic';
import { objects } from './objects';
import { references } from './references';
import { texts } from './texts';
import { uris } from './uris';

/** Every function that expressions have, in the order of their groups and names. */
export const expressionFunctions: readonly ExpressionFunction[] = [
  ...references,
  ...texts,
  ...uris,
  ...collections,
  ...logic,
  ...conversion,
  ...calculations,
  ...dates,
  ...objects,
].sort((a, b) => groups.indexOf(a.group) - groups.indexOf(b.group) || (a.name < b.name ? -1 : 1));

const byName = new Map(expressionFunctions.map((one) => [one.name.toLowerCase(), one]));

/** The function of this name, whatever the case. */
export function findFunction(name: string): ExpressionFunction | undefined {
  return byName.get(name.toLowerCase());
}
