import type { TimelineEntry } from '../../contracts/runs';

/** A custom status holds at most 16 KiB of UTF-16 text; a run that is offered many times keeps the ends of its story. */
const HEAD = 6;
const TAIL = 14;
const LONGEST_REASON = 100;
const LONGEST_ACTOR = 60;

/** Adds an entry (row F10). Beyond 20 entries those in the middle give way to one line that counts them. */
export function withEntry(timeline: readonly TimelineEntry[], entry: TimelineEntry): TimelineEntry[] {
  const all = [...timeline, shortened(entry)];
  if (all.length <= HEAD + TAIL) return all;
  const gap = all[HEAD];
  const left = gap?.what === 'left out' ? Number(gap.reason) : 0;
  const dropped = all[left === 0 ? HEAD : HEAD + 1];
  if (!gap || !dropped) return all;
  const line: TimelineEntry = {
    at: dropped.at,
    what: 'left out',
    reason: String(left + (left === 0 ? 2 : 1)),
  };
  return [...all.slice(0, HEAD), line, ...all.slice(HEAD + 2)];
}

function shortened({ reason, actor, ...entry }: TimelineEntry): TimelineEntry {
  return {
    ...entry,
    ...(actor === undefined ? {} : { actor: cut(actor, LONGEST_ACTOR) }),
    ...(reason === undefined ? {} : { reason: cut(reason, LONGEST_REASON) }),
  };
}

function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
