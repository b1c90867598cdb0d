import { ROOT, runProgram } from './processes';
import type { Product } from './product';

/** Finds the command line without the seconds that npm takes; the README's test goes by npx. */
const NPX = `npx() { shift; "$NODE" --no-warnings ${ROOT}/dist/cli/main.js "$@"; }\n`;
/** Stands between what the blocks of commands print. */
const BETWEEN = '--- next block';

/** Blocks of commands of a document, each with the text that it is said to print. */
function stories(document: string): { commands: string; shown: string }[] {
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

/** Runs all commands of a document in one shell, against the product, and compares what each block prints with what the document says. */
export async function expectDocument(document: string, product: Product, cwd = ROOT): Promise<void> {
  const told = stories(document);
  expect(told).toHaveLength(document.split('```sh').length - 1);
  const { url, key } = product.endpoint;
  const script = told.map(({ commands }) => commands.replaceAll('http://localhost:7071', url));
  const { code, out, err } = await runProgram('sh', ['-euc', [NPX, ...script].join(`echo '${BETWEEN}'\n`)], {
    env: { ATTENDANT_URL: url, ATTENDANT_KEY: key, NODE: process.execPath },
    cwd,
    withinMs: 120_000,
  });
  const [, ...printed] = out.split(`${BETWEEN}\n`);
  for (const [index, { shown }] of told.entries()) {
    expect(printed[index]?.trim() ?? err).toMatch(pattern(shown));
  }
  expect(code).toBe(0);
}
