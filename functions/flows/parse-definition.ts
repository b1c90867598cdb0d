import type { FlowDefinition } from '../../contracts/flow-definition';
import type { Settings } from '../../contracts/settings';
import { checkDefinition } from '../../domain/flows/definition-problems';
import type { FieldError } from '../problem';

/** A definition that may be stored, or every place of it that is wrong. */
export type ParsedDefinition = { definition: FlowDefinition } | { errors: FieldError[] };

/** Checks a definition by the rules and by the settings of this host. */
export function parseDefinition(body: unknown, settings: Settings): ParsedDefinition {
  const { definition, problems } = checkDefinition(body, { shortestMs: settings.shortestRecurrenceMs });
  if (definition) return { definition };
  return { errors: problems.map(({ path, message }) => ({ path, message })) };
}
