import type { Ports } from '../../adapters/ports';
import type { FlowDefinition } from '../../contracts/flow-definition';
import { checkDefinition } from '../../domain/flows/definition-problems';
import { sealDefaults } from '../../domain/flows/secure-defaults';
import type { FieldError } from '../problem';

/** A definition that may be stored, or every place of it that is wrong. */
export type ParsedDefinition = { definition: FlowDefinition } | { errors: FieldError[] };

/** Checks a definition by the rules and by the settings of this host; the defaults of secure parameters in it are sealed. */
export function parseDefinition(body: unknown, ports: Pick<Ports, 'settings' | 'sealer'>): ParsedDefinition {
  const checked = checkDefinition(body, { shortestMs: ports.settings.shortestRecurrenceMs });
  const sealed = checked.definition ? sealDefaults(checked.definition, ports.sealer) : checked;
  if ('definition' in sealed && sealed.definition) return { definition: sealed.definition };
  const problems = 'problems' in sealed ? sealed.problems : [];
  return { errors: problems.map(({ path, message }) => ({ path, message })) };
}
