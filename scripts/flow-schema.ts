import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { flowDefinition } from '../contracts/flow-definition';
import { flowAction, flowActions } from '../contracts/flow-definition/control-actions';

/*
 * Writes docs/api/flow-definition.schema.json, from the product's folder: `npm run build && npm run docs`. An editor that is given it by
 * a definition's `$schema` completes and checks flows. test/docs/flow-schema.test.ts fails when the two differ.
 */

/** Text of docs/api/flow-definition.schema.json (draft 2020-12). */
export function flowSchemaText(): string {
  const metadata = z.registry<{ id: string }>();
  metadata.add(flowActions, { id: 'actions' });
  metadata.add(flowAction, { id: 'action' });
  const schema = z.toJSONSchema(flowDefinition, {
    io: 'input',
    metadata,
    override: ({ zodSchema, jsonSchema }) => {
      const description = z.globalRegistry.get(zodSchema)?.description;
      if (description !== undefined) jsonSchema.description = description;
    },
  });
  return `${JSON.stringify({ title: 'Attendant cloud flow', ...schema }, null, 2)}\n`;
}

if (require.main === module) writeFileSync('docs/api/flow-definition.schema.json', flowSchemaText());
