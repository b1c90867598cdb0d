import { heldSession as onLinux, SessionRecords as LinuxRecords } from './linux/session-record';
import type { HeldSession } from '../../contracts/console';
import { heldSession as onWindows, SessionRecords as WindowsRecords } from './windows/session-record';

/** The sessions that an agent which does not run any more has left on record, the oldest first. */
export async function leftSessions(dataDir: string): Promise<HeldSession[]> {
  const linux = await new LinuxRecords(dataDir).read();
  const windows = await new WindowsRecords(dataDir).load();
  const all = [...linux.map(onLinux), ...windows.map(onWindows)];
  return all.sort((a, b) => Date.parse(a.since) - Date.parse(b.since));
}
