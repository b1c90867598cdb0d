import { link, mkdir, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AgentError, hasCode, messageOf } from '../errors';
import { identify, isAlive } from '../process/process-identity';
import { processIdentity } from '../protocol/records';

const fileName = 'lock.json';

/**
 * Makes this process the only agent on a data folder. The lock names pid and start time, so that one left behind by a
 * killed agent does not count.
 * @returns a function that gives the folder back.
 * @throws AgentError DataFolderInUse (naming the pid), DataFolderUnusable.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const file = path.join(folder, fileName);
  const mine = `${file}.${process.pid}`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(mine, JSON.stringify(await identify(process.pid)), { mode: 0o600 });
    for (let attempt = 0; ; attempt++) {
      try {
        await link(mine, file);
        return () => rm(file, { force: true });
      } catch (error) {
        if (!hasCode(error, 'EEXIST') || attempt === 5) throw error;
        const holder = await lockHolder(folder);
        if (holder !== undefined) {
          throw new AgentError('DataFolderInUse', `The agent with pid ${holder} already runs on ${folder}.`);
        }
        await unlink(file).catch(() => undefined);
      }
    }
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw new AgentError('DataFolderUnusable', `${folder} cannot be used: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    await rm(mine, { force: true });
  }
}

/** Pid of the living agent on this folder, if there is one. */
export async function lockHolder(folder: string): Promise<number | undefined> {
  try {
    const holder = processIdentity.parse(JSON.parse(await readFile(path.join(folder, fileName), 'utf8')));
    return (await isAlive(holder)) ? holder.pid : undefined;
  } catch {
    return undefined;
  }
}
