import type { FlowDefinition } from '../../contracts/flow-definition';
import { schemaProblem } from '../json-schema';
import { recurrenceProblems } from '../schedules/recurrence-problems';
import { pointer, type DefinitionProblem } from './definition-path';

/**
 * What is wrong with the trigger of a definition that fits its schema: the JSON Schema of its inputs, or its schedule.
 * @param options.shortestMs how close occurrences may come to each other: a setting of the host
 */
export function triggerProblems(
  definition: FlowDefinition,
  options: { shortestMs: number },
): DefinitionProblem[] {
  return Object.entries(definition.triggers).flatMap(([name, trigger]) => {
    const at = (...below: string[]): string => pointer(['triggers', name, ...below]);
    if (trigger.type === 'Recurrence') {
      return recurrenceProblems(trigger, options).map(({ path, message }) => ({
        path: at(...path.split('.')),
        message,
      }));
    }
    const schema = trigger.type === 'Request' ? trigger.inputs?.schema : undefined;
    const message = schema && schemaProblem(schema);
    return message === undefined ? [] : [{ path: at('inputs', 'schema'), message }];
  });
}
