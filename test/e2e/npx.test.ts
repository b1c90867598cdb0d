import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './support/processes';

/** npx used to install the checkout into its cache at each call: slow, and broken when several calls did it at once. */
test('L6: npx finds the commands in the checkout itself, also several at once, without its cache', async () => {
  const cache = mkdtempSync(join(tmpdir(), 'attendant-npx-'));
  try {
    const env = { npm_config_cache: cache, npm_config_offline: 'true' };
    const calls = ['attendant', 'attendant-agent', 'attendant'].map((name) =>
      runProgram('npx', [name, '--version'], { env }),
    );
    for (const ended of await Promise.all(calls)) {
      expect(ended.code).toBe(0);
      expect(ended.out.trim()).toMatch(/^\d+\.\d+\.\d+$/);
    }
    expect(readdirSync(cache)).not.toContain('_npx');
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
});
