import { z } from 'zod';
import { agentEventBodies } from '../../contracts/agent-protocol';
import { desktopRunId, fence, instant, machineId } from '../../contracts/ids';

/** A process is named by its pid and its start time, because pids are used again. */
export const processIdentity = z.object({ pid: z.int().min(1), start: z.string() });
export type ProcessIdentity = z.infer<typeof processIdentity>;

/** Also that of a run that was started here (fence.ts). */
const anyFence = fence.extend({ n: z.int().min(0) });
const ofRun = { run: desktopRunId, fence: anyFence };

/** Kinds of events that must never get lost; the others are live views that may be merged or dropped. */
export const durableKind = z.enum(['accepted', 'refused', 'started', 'done', 'never']);
export type DurableKind = z.infer<typeof durableKind>;

/** One entry of the journal. What happened to a run is keyed by run (rule 12). */
export const journalRecord = z.discriminatedUnion('k', [
  /** First registration that this journal knows everything of: what it does not name never happened since. */
  z.object({ k: z.literal('begins'), machine: machineId, epoch: z.int().min(1) }),
  z.object({ k: z.literal('accepted'), ...ofRun, userKey: z.string() }),
  z.object({ k: z.literal('started'), ...ofRun, at: z.number(), userKey: z.string() }),
  /** Pid of the run's worker, on disk before the desktop flow begins (rule 5). */
  z.object({ k: z.literal('worker'), ...ofRun, process: processIdentity }),
  /** `never` is to be answered for this later fence as soon as the started run has been stopped (rule 12). */
  z.object({ k: z.literal('owed'), ...ofRun, to: fence }),
  /** A pause or resume was done: those up to its number are done with. */
  z.object({ k: z.literal('ordered'), ...ofRun, order: z.int().min(1) }),
  z.object({ k: z.literal('done'), ...ofRun, at: z.number(), body: agentEventBodies.done }),
  z.object({ k: z.literal('never'), ...ofRun, at: z.number(), reason: z.string() }),
  /** Highest fence ever accepted (rule 10); written when the journal is rewritten. */
  z.object({ k: z.literal('highest'), fence: anyFence }),
  /** An event to send. `done` takes its body from the run's record. */
  z.object({
    k: z.literal('event'),
    id: z.int().min(1),
    kind: durableKind,
    ...ofRun,
    time: instant,
    body: z.string().optional(),
  }),
  /** The broker has accepted all events up to this id. */
  z.object({ k: z.literal('sent'), id: z.int().min(0) }),
  /** Sequence numbers below this may have been used. */
  z.object({ k: z.literal('seq'), below: z.int().min(1) }),
]);
export type JournalRecord = z.infer<typeof journalRecord>;
export type RunRecord = Extract<
  JournalRecord,
  { k: 'accepted' | 'started' | 'owed' | 'ordered' | 'done' | 'never' }
>;
export type EventRecord = Extract<JournalRecord, { k: 'event' }>;
