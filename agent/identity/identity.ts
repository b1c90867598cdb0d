import { readFileSync, realpathSync } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { machineId, resourceName } from '../../contracts/ids';
import { AgentError, hasCode, messageOf } from '../errors';
import { newKeyPair, sha256 } from './keys';

const keyPair = z.object({ publicKey: z.string(), privateKey: z.string() });

/** registration.json: the keys of a registration that has not been answered, so that it can be repeated. */
const pendingSchema = z.object({ url: z.url(), name: resourceName, signing: keyPair, sealing: keyPair });
export type PendingIdentity = z.infer<typeof pendingSchema>;

/** identity.json: who this agent is; machine and epoch are given by the control plane. */
const identitySchema = pendingSchema.extend({ machine: machineId, epoch: z.int().min(1) });
export type Identity = z.infer<typeof identitySchema>;

const identityFile = 'identity.json';
const pendingFile = 'registration.json';

export function newIdentity(url: string, name: string): PendingIdentity {
  return { url, name, signing: newKeyPair('ed25519'), sealing: newKeyPair('x25519') };
}

/** @returns undefined when there is none. @throws AgentError DataFolderUnusable when it cannot be read. */
export function readIdentity(folder: string): Promise<Identity | undefined> {
  return read(path.join(folder, identityFile), identitySchema);
}

/** @throws AgentError NotRegistered, DataFolderUnusable. */
export async function readRegistered(folder: string): Promise<Identity> {
  const identity = await readIdentity(folder);
  if (!identity) throw new AgentError('NotRegistered', `${folder} holds no registered machine.`);
  return identity;
}

export function readPending(folder: string): Promise<PendingIdentity | undefined> {
  return read(path.join(folder, pendingFile), pendingSchema);
}

export function writePending(folder: string, pending: PendingIdentity): Promise<void> {
  return write(folder, pendingFile, pending);
}

/** Writes identity.json and forgets the pending registration. */
export async function writeIdentity(folder: string, identity: Identity): Promise<void> {
  await write(folder, identityFile, identity);
  await rm(path.join(folder, pendingFile), { force: true });
}

async function read<T>(file: string, schema: z.ZodType<T>): Promise<T | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw new AgentError('DataFolderUnusable', `${file} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Writes a file readable by its owner alone, whole or not at all. */
async function write(folder: string, name: string, content: PendingIdentity): Promise<void> {
  const next = path.join(folder, `${name}.next`);
  const handle = await open(next, 'w', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(content, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, path.join(folder, name));
}

/**
 * Fingerprint of this installation: a copied data folder on another machine, or under another path, has another one, so
 * the control plane can tell two agents with one identity apart. Hex SHA-256.
 */
export function installationOf(folder: string): string {
  return sha256([systemId(), os.hostname(), realpathSync(folder)].join('|'));
}

function systemId(): string {
  for (const file of ['/etc/machine-id', '/var/lib/dbus/machine-id']) {
    try {
      return readFileSync(file, 'utf8').trim();
    } catch {
      // not every system has one; host name and path remain
    }
  }
  return '';
}
