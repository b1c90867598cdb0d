import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expectDocument } from './support/document';
import { ROOT } from './support/processes';
import { Product } from './support/product';

const DOCUMENT = join(ROOT, 'docs/flows.md');
const EXAMPLES = join(ROOT, 'examples/flows');
const document = readFileSync(DOCUMENT, 'utf8');

test('docs/flows.md shows the examples as they are, and what a newcomer needs leads somewhere', () => {
  const files = readdirSync(EXAMPLES);
  expect(files).toHaveLength(7);
  for (const file of files) {
    const text = readFileSync(join(EXAMPLES, file), 'utf8');
    expect(document).toContain(`[${file}](../examples/flows/${file})\n\n\`\`\`yaml\n${text}\`\`\``);
    const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)$/m.exec(text) ?? [];
    expect(resolve(EXAMPLES, schema)).toBe(join(ROOT, 'docs/api/flow-definition.schema.json'));
  }
});

test('every command of docs/flows.md prints what it says there (A1, A2, A3, A5)', async () => {
  // The sample settings allow it; a host on any free port reads none.
  const product = await Product.start({ env: { ATTENDANT_ALLOWED_NETWORKS: '127.0.0.0/8' } });
  try {
    await expectDocument(document, product);
  } finally {
    await product.stop();
  }
});
