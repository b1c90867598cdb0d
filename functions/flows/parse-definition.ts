import type { FlowDefinition, FlowTrigger } from '../../contracts/flow-definition';
import type { Settings } from '../../contracts/settings';
import { pointer } from '../../domain/flows/definition-path';
import { checkDefinition } from '../../domain/flows/definition-problems';
import { recurrenceProblems } from '../../domain/schedules/recurrence-problems';
import { schemaProblem } from '../json-schema';
import type { FieldError } from '../problem';
import { inputSchema, triggerOf } from './flow-input';

/** A definition that may be stored, or every place of it that is wrong. */
export type ParsedDefinition = { definition: FlowDefinition } | { errors: FieldError[] };

/** Checks all that `checkDefinition` does, the schema of the trigger's inputs, and its schedule. */
export function parseDefinition(body: unknown, settings: Settings): ParsedDefinition {
  const { definition, problems } = checkDefinition(body);
  if (!definition) return { errors: problems.map(({ path, message }) => ({ path, message })) };
  const errors = triggerProblems(triggerOf(definition), settings).map(({ path, message }) => ({
    path: pointer(['triggers', Object.keys(definition.triggers).join(), ...path.split('.')]),
    message,
  }));
  return errors.length > 0 ? { errors } : { definition };
}

/** Paths are names below the trigger, separated by dots. */
function triggerProblems(trigger: FlowTrigger, settings: Settings): FieldError[] {
  if (trigger.type === 'Recurrence') {
    return recurrenceProblems(trigger, { shortestMs: settings.shortestRecurrenceMs });
  }
  const schema = inputSchema(trigger);
  const message = schema && schemaProblem(schema);
  return message === undefined ? [] : [{ path: 'inputs.schema', message }];
}
