import type { FlowDefinition } from '../../contracts/flow-definition';
import { pointer } from '../../domain/flows/definition-path';
import { checkDefinition } from '../../domain/flows/definition-problems';
import { schemaProblem } from '../json-schema';
import type { FieldError } from '../problem';
import { inputSchema, triggerOf } from './flow-input';

/** A definition that may be stored, or every place of it that is wrong. */
export type ParsedDefinition = { definition: FlowDefinition } | { errors: FieldError[] };

/** Checks all that `checkDefinition` does, and the schema of the trigger's inputs. */
export function parseDefinition(body: unknown): ParsedDefinition {
  const { definition, problems } = checkDefinition(body);
  if (!definition) return { errors: problems.map(({ path, message }) => ({ path, message })) };
  const schema = inputSchema(triggerOf(definition));
  const message = schema && schemaProblem(schema);
  if (message === undefined) return { definition };
  const [trigger = ''] = Object.keys(definition.triggers);
  return { errors: [{ path: pointer(['triggers', trigger, 'inputs', 'schema']), message }] };
}
