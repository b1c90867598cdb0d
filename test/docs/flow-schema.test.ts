import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { flowSchemaText } from '../../scripts/flow-schema';

const root = join(__dirname, '../..');

test('docs/api/flow-definition.schema.json is what the contracts say (npm run build && npm run docs)', () => {
  expect(readFileSync(join(root, 'docs/api/flow-definition.schema.json'), 'utf8')).toBe(flowSchemaText());
});

test('an editor can check flows with it and tell what its parts mean', () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile(JSON.parse(flowSchemaText()) as object);
  const example = JSON.parse(
    readFileSync(join(root, 'examples/cloud-flows/process-invoices.json'), 'utf8'),
  ) as { actions: object };
  expect([validate(example), validate.errors]).toEqual([true, null]);
  const taught = join(root, 'examples/flows');
  for (const file of readdirSync(taught)) {
    const flow: unknown = parse(readFileSync(join(taught, file), 'utf8'));
    expect([file, validate(flow), validate.errors]).toEqual([file, true, null]);
  }
  expect(flowSchemaText()).toContain('"description": "Runs a desktop flow on a machine."');
  const nested = { Scope: { type: 'Scope', actions: { A: { type: 'Compose', inputs: 1, odd: 1 } } } };
  expect(validate({ ...example, actions: nested })).toBe(false);
});
