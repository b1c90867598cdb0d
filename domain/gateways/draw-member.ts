/** How often and when each member of a cluster was drawn; kept with the cluster. */
export interface Turns {
  /** Number of the last draw. */
  last: number;
  /** Number of each member's last draw. */
  drawn: Record<string, number>;
  /** The latest draws, `[draw, member]`, oldest first: a draw that is asked for again is answered alike. */
  recent: [draw: string, member: string][];
}

export interface Member {
  name: string;
  enabled: boolean;
  online: boolean;
}

const KEPT_DRAWS = 200;

/** Rows B6, B8: enabled members, those that are offline only when no other is online. */
export function candidates(members: readonly Member[]): Member[] {
  const enabled = members.filter((member) => member.enabled);
  const online = enabled.filter((member) => member.online);
  return online.length > 0 ? online : enabled;
}

/** Row B6: a random one. `random` is in [0, 1). */
export function drawRandom(members: readonly Member[], random: number): string | undefined {
  const among = candidates(members);
  return among[Math.floor(random * among.length)]?.name;
}

/**
 * Row B7: the candidate that was drawn longest ago, so that any two of them differ by one run at most. `draw` names the drawing (run and
 * attempt).
 */
export function drawEvenly(
  turns: Turns,
  members: readonly Member[],
  draw: string,
): { member: string | undefined; turns: Turns } {
  const among = candidates(members);
  const known = turns.recent.find(([id]) => id === draw)?.[1];
  if (known !== undefined) return { member: known, turns };
  const lastOf = (name: string): number => turns.drawn[name] ?? 0;
  const [next] = among.sort((a, b) => lastOf(a.name) - lastOf(b.name) || (a.name < b.name ? -1 : 1));
  if (!next) return { member: undefined, turns };
  const last = turns.last + 1;
  const left = Object.entries(turns.drawn).filter(([name]) => members.some((member) => member.name === name));
  return {
    member: next.name,
    turns: {
      last,
      drawn: { ...Object.fromEntries(left), [next.name]: last },
      recent: [...turns.recent.slice(-(KEPT_DRAWS - 1)), [draw, next.name]],
    },
  };
}
