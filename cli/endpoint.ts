import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { CliError, exitCodes, type Shell } from './shell';

const DATA_DIR = '.attendant';

const endpointFile = z.object({ url: z.string(), key: z.string() });
const keysFile = z.object({ default: z.string() });

export interface Endpoint {
  url: string;
  key: string;
  /** Of who has signed in, where people do (Entra ID). */
  token?: string | undefined;
}

/**
 * Where the API is: `--url` and `--key`, else ATTENDANT_URL and ATTENDANT_KEY, else the host that runs from this folder or one above. Where
 * people sign in, ATTENDANT_TOKEN says who it is.
 * @throws CliError that says how to name one.
 */
export function findEndpoint(shell: Shell, given: { url?: string; key?: string }): Endpoint {
  const url = given.url ?? shell.environment['ATTENDANT_URL'];
  const key = given.key ?? shell.environment['ATTENDANT_KEY'];
  const token = shell.environment['ATTENDANT_TOKEN'];
  if (url !== undefined) {
    if (!URL.canParse(url)) throw new CliError(`"${url}" is not an address.`, { exitCode: exitCodes.usage });
    return { url, key: key ?? '', token };
  }
  const running = readJson(dataFile(shell.cwd, 'endpoint.json'), endpointFile);
  if (running) return { url: running.url, key: key ?? running.key, token };
  throw new CliError('No host runs from this folder.', {
    remedy: 'Start it with `npm start`, or name another with --url and --key (ATTENDANT_URL, ATTENDANT_KEY).',
    exitCode: exitCodes.unreachable,
  });
}

/** The key of the installation in this folder or one above, also while its host does not run. */
export function installationKey(shell: Shell): string | undefined {
  return readJson(dataFile(shell.cwd, 'keys.json'), keysFile)?.default;
}

/** The data folder of the installation in this folder or one above. */
export function dataFolder(shell: Shell): string | undefined {
  const keys = dataFile(shell.cwd, 'keys.json');
  return keys === undefined ? undefined : dirname(keys);
}

/** The file of the nearest data folder that has it. */
function dataFile(cwd: string, name: string): string | undefined {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const path = join(folder, DATA_DIR, name);
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) return undefined;
  }
}

function readJson<T>(path: string | undefined, schema: z.ZodType<T>): T | undefined {
  if (path === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(`${path} cannot be read: ${said}`, {
      remedy: 'Start the host again; it writes the file anew.',
    });
  }
}
