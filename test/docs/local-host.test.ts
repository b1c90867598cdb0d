import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { DIFFERENCES } from '../conformance/captures/differences';

const PROJECT = resolve(__dirname, '../..');
const guide = readFileSync(join(PROJECT, 'docs/local-host.md'), 'utf8');

test('the example in the guide runs: an app of one’s own, tested with the virtual clock', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'guide-'));
  try {
    const files = [...guide.matchAll(/^```js file=(\S+)\n(.*?)^```$/gms)];
    expect(files.map(([, name]) => name)).toEqual(['app.js', 'app.test.js']);
    for (const [, name = '', code = ''] of files) {
      // The package as it is in this checkout, not built.
      writeFileSync(join(folder, name), code.replaceAll('attendant/dist/', `${PROJECT}/`));
    }
    writeFileSync(join(folder, 'package.json'), '{ "main": "app.js" }');
    writeFileSync(join(folder, 'host.json'), '{ "version": "2.0" }');
    symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
    const runTs = join(PROJECT, 'test/support/run-ts.cjs');
    const { NODE_OPTIONS: _, ...env } = process.env;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--require', runTs, '--test', '--test-reporter=tap', '--test-isolation=none', 'app.test.js'],
      { cwd: folder, env },
    );
    expect(stdout).toContain('# pass 2');
    expect(stdout).toContain('# fail 0');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the guide lists the recordings that differ, all of them and no other', () => {
  const section = guide.slice(guide.indexOf('## Recordings that differ'), guide.indexOf('## Samples of'));
  const listed = [...section.matchAll(/^\| (http|sdk) [^|]*\|/gm)].flatMap(([cell]) =>
    [...cell.matchAll(/(http|sdk) ([\d, ]+)/g)].flatMap(([, kind, numbers = '']) =>
      numbers
        .split(',')
        .map((number) => number.trim())
        .filter((number) => number !== '')
        .map((number) => `${kind} ${number}`),
    ),
  );
  const known = [
    ...Object.keys(DIFFERENCES.http).map((number) => `http ${number}`),
    ...Object.keys(DIFFERENCES.sdk).map((number) => `sdk ${number}`),
  ];
  expect(listed.sort()).toEqual(known.sort());
});
