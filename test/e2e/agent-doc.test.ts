import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram, ROOT } from './support/processes';
import { Product } from './support/product';

/** These change the system's services: what they would do is shown by the same command with --print, and tested there. */
const ELSEWHERE = /(un)?install-service (?!--print)|uninstall-service$/;
/** Ends with 1 where no service runs, as here. */
const WITHOUT_SERVICE = /attendant-agent (status|doctor)/;

function commands(): string[] {
  const page = readFileSync(join(ROOT, 'docs/agent.md'), 'utf8');
  return [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)]
    .flatMap(([, block = '']) => block.split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && !ELSEWHERE.test(line));
}

let product: Product;
let place: string;
beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'attendant-doc-'));
  mkdirSync(join(place, 'bin'));
  // No sudo and no systemd where tests run; the upgrade has the service restart, and this one does.
  for (const [name, script] of [
    ['sudo', 'exec "$@"'],
    ['systemctl', 'exit 0'],
    ['journalctl', 'echo the journal of the service'],
  ] as const)
    writeFileSync(join(place, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  symlinkSync(process.execPath, join(place, 'bin/node'));
  product = await Product.start({ args: ['--no-agent'] });
});
afterAll(async () => {
  await product?.stop();
  rmSync(place, { recursive: true, force: true });
});

test('J2: the commands of docs/agent.md for Linux take a machine from the package to its removal', async () => {
  const { url, key } = product.endpoint;
  const list = commands();
  expect(list.length).toBeGreaterThan(10);
  for (const written of list) {
    // The folders of the system stand for those of this test.
    const command = written
      .replaceAll('/opt/attendant-agent', join(place, 'opt'))
      .replaceAll('/usr/local/bin', join(place, 'bin'))
      .replaceAll('dist/agent-package', join(place, 'package'))
      .replace('npm run build:agent', `npm run build:agent -- ${join(place, 'package')}`)
      .replace('--out diagnostics.zip', `--out ${join(place, 'diagnostics.zip')}`)
      .replace(
        /(attendant-agent (?:register|status|doctor|upgrade|diagnostics|sessions list))/,
        `$1 --data ${join(place, 'data')}`,
      );
    const ended = await runProgram('sh', ['-c', command], {
      env: {
        ATTENDANT_URL: url,
        ATTENDANT_KEY: key,
        PATH: `${join(place, 'bin')}:${process.env['PATH'] ?? ''}`,
      },
    });
    const code = WITHOUT_SERVICE.test(written) ? 1 : 0;
    expect({ written, ...ended }).toMatchObject({ written, code });
    if (written.includes('doctor')) expect(ended.out.match(/FAIL|"ok":false/g)).toHaveLength(1);
  }
});
