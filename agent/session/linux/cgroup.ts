import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/*
 * A control group (cgroup v2) per session: processes cannot leave it, whatever they do, and the kernel kills all of them at once. It is
 * used where the agent may make groups below its own.
 */

const REMOVAL_ATTEMPTS = 20;

/** Makes a group below the agent's own. @returns its folder, or undefined where that cannot be done. */
export async function makeGroup(name: string): Promise<string | undefined> {
  try {
    const own = await ownGroup();
    if (own === undefined) return undefined;
    const folder = path.join(own, name);
    await mkdir(folder, { recursive: true });
    // In a group whose type forbids it no process can be put.
    await readFile(path.join(folder, 'cgroup.procs'));
    return folder;
  } catch {
    return undefined;
  }
}

/** The file that a process writes itself into to enter the group. */
export function entryOf(group: string): string {
  return path.join(group, 'cgroup.procs');
}

export async function groupMembers(group: string): Promise<number[]> {
  const text = await readFile(path.join(group, 'cgroup.procs'), 'utf8').catch(() => '');
  return text.split('\n').filter(Boolean).map(Number);
}

/** Kills every process of the group at once; kernels before 5.14 cannot. */
export async function killGroup(group: string): Promise<void> {
  await writeFile(path.join(group, 'cgroup.kill'), '1').catch(() => undefined);
}

/** Removes the group, which the kernel allows some moments after its last process has ended. */
export async function removeGroup(group: string): Promise<void> {
  for (let attempt = 0; attempt < REMOVAL_ATTEMPTS; attempt++) {
    try {
      return await rmdir(group);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') return;
      await sleep(10);
    }
  }
}

async function ownGroup(): Promise<string | undefined> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  const mount = mounts.split('\n').find((line) => line.split(' ')[2] === 'cgroup2');
  const groups = await readFile('/proc/self/cgroup', 'utf8');
  const own = /^0::(\/.*)$/m.exec(groups)?.[1];
  return mount === undefined || own === undefined ? undefined : path.join(mount.split(' ')[1] ?? '', own);
}
