import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Folder of the product, from its sources or its build. */
export function productRoot(): string {
  for (let dir = __dirname; ; dir = dirname(dir)) if (existsSync(join(dir, 'host.json'))) return dir;
}
