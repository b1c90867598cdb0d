import { Ajv2020 } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { messageOf } from '../errors';

/**
 * Compares inputs or outputs with their JSON schema (draft 2020-12) from the manifest.
 * @returns what is wrong with `value`, or undefined when it fits or there is no schema.
 */
export function misfits(
  schema: Record<string, unknown> | undefined,
  value: unknown,
  what: 'inputs' | 'outputs',
): string | undefined {
  if (!schema) return undefined;
  const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false });
  addFormats.default(ajv);
  try {
    const validate = ajv.compile(schema);
    return validate(value) ? undefined : ajv.errorsText(validate.errors, { dataVar: what });
  } catch (error) {
    return `The schema of the ${what} cannot be used: ${messageOf(error)}`;
  }
}
