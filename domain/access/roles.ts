import { role, type Role } from '../../contracts/access';

const PREFIX = 'attendant.';

/** The role that a text names, in any case and with or without the prefix `Attendant.` (row L8). */
export function readRole(text: string): Role | undefined {
  const lower = text.trim().toLowerCase();
  const bare = lower.startsWith(PREFIX) ? lower.slice(PREFIX.length) : lower;
  return bare === 'run-only' ? 'runner' : role.safeParse(bare).data;
}

/** Of several roles the one that may most counts (row L8); undefined when none of the texts names one. */
export function strongestRole(texts: readonly string[]): Role | undefined {
  const held = new Set(texts.map(readRole));
  return role.options.find((known) => held.has(known));
}
