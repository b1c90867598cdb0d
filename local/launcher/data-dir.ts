import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';

/** Where one local installation keeps everything: database, keys, blobs, the agent's identity. */
export interface DataDir {
  root: string;
  database: string;
  blobs: string;
  secrets: string;
  agent: string;
  endpointFile: string;
  people: string;
}

const keysSchema = z.object({
  master: z.string(),
  default: z.string(),
  system: z.string(),
  broker: z.string(),
  tables: z.string(),
});
/** Keys of one installation, made at its first start and readable by its owner only. */
export type Keys = z.infer<typeof keysSchema>;

const portsSchema = z.object({ broker: z.int(), tables: z.int(), http: z.int().optional() });
/** Ports of the last start; kept so that agents find broker and API again after a restart. */
export type Ports = z.infer<typeof portsSchema>;

/** Names the folders below `root` and creates them for this user only. @throws Error that names a folder that cannot be used. */
export function openDataDir(root: string): DataDir {
  const dir: DataDir = {
    root: resolve(root),
    database: resolve(root, 'attendant.db'),
    blobs: resolve(root, 'blobs'),
    secrets: resolve(root, 'secrets'),
    agent: resolve(root, 'agent'),
    endpointFile: resolve(root, 'endpoint.json'),
    people: resolve(root, 'people.json'),
  };
  try {
    for (const path of [dir.root, dir.blobs, dir.secrets]) {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      chmodSync(path, 0o700);
    }
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${dir.root} cannot be used as data folder: ${said}`, { cause });
  }
  return dir;
}

/** Replaces a file as a whole: a reader sees the old or the new content, never half of it. */
export function writePrivateJson(path: string, value: unknown): void {
  const draft = `${path}.${process.pid}.tmp`;
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

function readJson<T>(path: string, schema: z.ZodType<T>): T | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new Error(`${path} is damaged: mend it, or delete it to have it made anew.`, { cause });
  }
}

/** The installation's keys, generated when there are none. @throws Error when the file is damaged. */
export function loadKeys(dir: DataDir): Keys {
  const path = join(dir.root, 'keys.json');
  const known = readJson(path, keysSchema);
  if (known) return known;
  const key = (): string => randomBytes(32).toString('base64url');
  const keys: Keys = {
    master: key(),
    default: key(),
    system: key(),
    broker: randomBytes(32).toString('base64'),
    tables: randomBytes(64).toString('base64'),
  };
  writePrivateJson(path, keys);
  return keys;
}

export function loadPorts(dir: DataDir): Ports | undefined {
  return readJson(join(dir.root, 'ports.json'), portsSchema);
}

export function savePorts(dir: DataDir, ports: Ports): void {
  writePrivateJson(join(dir.root, 'ports.json'), ports);
}

export const endpointSchema = z.object({ url: z.string(), key: z.string(), pid: z.int() });
/** What a local client (CLI, demo) needs to talk to the running host. */
export type Endpoint = z.infer<typeof endpointSchema>;

export function loadEndpoint(dir: DataDir): Endpoint | undefined {
  return readJson(dir.endpointFile, endpointSchema);
}
