import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ROOT, runProgram } from './support/processes';
import { Product } from './support/product';

const DOCUMENT = join(ROOT, 'docs/flows.md');
const EXAMPLES = join(ROOT, 'examples/flows');
/** Finds the command line without the seconds that npm takes; the README's test goes by npx. */
const NPX = 'npx() { shift; "$NODE" --no-warnings dist/cli/main.js "$@"; }\n';
/** Stands between what the blocks of commands print. */
const BETWEEN = '--- next block';

const document = readFileSync(DOCUMENT, 'utf8');

/** Blocks of commands, each with the text that it is said to print. */
function stories(): { commands: string; shown: string }[] {
  return [...document.matchAll(/^```sh\n([\s\S]*?)^```\n\n```text\n([\s\S]*?)^```/gm)].map(
    ([, commands = '', shown = '']) => ({ commands, shown }),
  );
}

/** A text in which `…` stands for anything. */
function pattern(shown: string): RegExp {
  const parts = shown.trim().split('…');
  return new RegExp(
    `^${parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('[\\s\\S]*?')}$`,
  );
}

test('docs/flows.md shows the examples as they are, and what a newcomer needs leads somewhere', () => {
  const files = readdirSync(EXAMPLES);
  expect(files).toHaveLength(5);
  for (const file of files) {
    const text = readFileSync(join(EXAMPLES, file), 'utf8');
    expect(document).toContain(`[${file}](../examples/flows/${file})\n\n\`\`\`yaml\n${text}\`\`\``);
    const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)$/m.exec(text) ?? [];
    expect(resolve(EXAMPLES, schema)).toBe(join(ROOT, 'docs/api/flow-definition.schema.json'));
  }
});

test('every command of docs/flows.md prints what it says there (A1, A2, A3, A5)', async () => {
  const told = stories();
  expect(told).toHaveLength(document.split('```sh').length - 1);
  // The sample settings allow it; a host on any free port reads none.
  process.env['ATTENDANT_ALLOWED_NETWORKS'] = '127.0.0.0/8';
  const product = await Product.start();
  try {
    const { url, key } = product.endpoint;
    const script = told.map(({ commands }) => commands.replaceAll('http://localhost:7071', url));
    const { code, out, err } = await runProgram(
      'sh',
      ['-euc', [NPX, ...script].join(`echo '${BETWEEN}'\n`)],
      { env: { ATTENDANT_URL: url, ATTENDANT_KEY: key, NODE: process.execPath }, withinMs: 60_000 },
    );
    const [, ...printed] = out.split(`${BETWEEN}\n`);
    for (const [index, { shown }] of told.entries()) {
      expect(printed[index]?.trim() ?? err).toMatch(pattern(shown));
    }
    expect(code).toBe(0);
  } finally {
    await product.stop();
  }
}, 90_000);
