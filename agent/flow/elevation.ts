import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Whether this process has the privileges of an administrator (row C3). */
export async function isElevated(): Promise<boolean> {
  if (process.platform !== 'win32') return process.geteuid?.() === 0;
  const { stdout } = await promisify(execFile)('whoami', ['/groups', '/fo', 'csv', '/nh']);
  return hasHighIntegrity(stdout);
}

/** The mandatory labels of an elevated token: High and System (Microsoft, "Well-known SIDs"). */
const highLabels = /"S-1-16-(12288|16384)"/;

/** @param groups what `whoami /groups /fo csv` prints. */
export function hasHighIntegrity(groups: string): boolean {
  return highLabels.test(groups);
}
