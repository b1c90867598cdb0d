import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/**
 * `npm run rows [-- --json | --write]`: every promise of docs/features.md with the tests that name it. A row without a test of the product is not proved. A
 * row that needs Windows counts as constructed as long as its tests run on recorded or made-up machines, and as proved on Linux where a test of
 * `npm run gui` shows it in sessions of real users; only tests below test/windows, which the Windows workflow runs, can prove it. A promise that says what of it
 * is missing is proved in part at most. `--write` puts the statuses into docs/features.md.
 */
export type RowStatus = 'proved' | 'in part' | 'proved on Linux' | 'constructed' | 'not run' | 'not proved';

export interface Row {
  id: string;
  promise: string;
  where: 'any' | 'Windows';
  tests: { file: string; name: string }[];
  status: RowStatus;
}

const DOCUMENT = 'docs/features.md';
const WINDOWS_TESTS = 'test/windows/';
/** In sessions of real users, on real screens. */
const LINUX_SESSIONS = 'test/e2e/gui/';
/** Tests of what stands in for Azure say nothing of the product. */
const STAND_INS = /^test\/(local|conformance)\//;
const LINE = /^\| ([A-L]\d{1,2}) \| (.+?) \| (any|Windows) \| ([A-Za-z ]*?) ?\|$/;
/** A promise that is not kept whole says so. */
const MISSING = /\(missing: .+\)/;
/** A test or group of tests: the rows of its table, if it has one, and its name. */
const TEST =
  /\b(?:test|it|describe)(?:\.each\((\[[\s\S]*?\])(?: as const)?\))?\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`([^`]*)`)/g;
const ID = /(?<![\w-])([A-L]\d{1,2})(?![\w-])/g;

/** The rows of docs/features.md below `root`, in its order. */
export function readRows(root: string): Row[] {
  const named = testsByRow(root);
  return readFileSync(join(root, DOCUMENT), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, id, promise, where] = LINE.exec(line) ?? [];
      if (id === undefined || promise === undefined) return [];
      const row = { id, promise, where: where === 'Windows' ? ('Windows' as const) : ('any' as const) };
      const tests = named.get(id) ?? [];
      return [{ ...row, tests, status: statusOf(row, tests) }];
    });
}

function statusOf({ where, promise }: Pick<Row, 'where' | 'promise'>, tests: Row['tests']): RowStatus {
  if (tests.every(({ file }) => STAND_INS.test(file))) return 'not proved';
  if (MISSING.test(promise)) return 'in part';
  if (tests.every(({ file }) => file.startsWith(WINDOWS_TESTS))) return 'not run';
  if (where === 'any') return 'proved';
  return tests.some(({ file }) => file.startsWith(LINUX_SESSIONS)) ? 'proved on Linux' : 'constructed';
}

/** Tests by the ids that stand in their names. */
export function testsByRow(root: string): Map<string, Row['tests']> {
  const found = new Map<string, Row['tests']>();
  for (const path of testFiles(join(root, 'test'))) {
    const file = relative(root, path).split(sep).join('/');
    for (const { name, ids } of testNames(readFileSync(path, 'utf8'))) {
      for (const id of ids) found.set(id, [...(found.get(id) ?? []), { file, name }]);
    }
  }
  return found;
}

function testFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.test\.(ts|mjs)$/.test(name))
    .map((name) => join(folder, name))
    .sort();
}

function testNames(source: string): { name: string; ids: Set<string> }[] {
  return [...source.matchAll(TEST)].map(([, table = '', single, double, template]) => {
    const name = single ?? double ?? template ?? '';
    const inTable = [...table.matchAll(/\[\s*'([A-L]\d{1,2})'/g)].flatMap(([, id]) => id ?? []);
    return { name, ids: new Set([...[...name.matchAll(ID)].flatMap(([, id]) => id ?? []), ...inTable]) };
  });
}

function withStatuses(document: string, rows: Row[]): string {
  const statuses = new Map(rows.map(({ id, status }) => [id, status]));
  return document
    .split('\n')
    .map((line) => {
      const [, id, promise, where] = LINE.exec(line) ?? [];
      return id === undefined ? line : `| ${id} | ${promise} | ${where} | ${statuses.get(id)} |`;
    })
    .join('\n');
}

function print(rows: Row[]): void {
  for (const { id, promise, status, tests } of rows) {
    console.log(`${id.padEnd(4)}${status.padEnd(17)}${promise}`);
    for (const { file, name } of tests) console.log(`      ${file}: ${name}`);
  }
  const counts = new Map<string, number>();
  for (const { status } of rows) counts.set(status, (counts.get(status) ?? 0) + 1);
  console.log(
    `\n${rows.length} rows: ${[...counts].map(([status, count]) => `${count} ${status}`).join(', ')}`,
  );
}

if (require.main === module) {
  const root = process.cwd();
  const rows = readRows(root);
  if (process.argv.includes('--write')) {
    const path = join(root, DOCUMENT);
    writeFileSync(path, withStatuses(readFileSync(path, 'utf8'), rows));
  }
  if (process.argv.includes('--json')) console.log(JSON.stringify(rows, null, 2));
  else print(rows);
}
