import { z } from 'zod';
import { machineReport } from '../../contracts/agent-protocol';
import { priority } from '../../contracts/runs';
import type { QueueCommand } from './messages';

/** Within what a date can be. */
const ms = z.number().min(-8.64e15).max(8.64e15);
const count = z.int().min(0);
const text = z.string().min(1);

/** Wider than contracts/ids: what names a run or machine is not this module's business. */
const grant = z.object({
  run: text,
  machine: text,
  fence: z.object({ epoch: z.int().min(1), n: z.int().min(1) }),
});

const entry = z.object({
  run: text,
  owner: text,
  requestedMs: ms,
  deadlineMs: ms,
  priority,
  mode: z.enum(['attended', 'unattended']),
  userKey: z.string(),
  pinned: text.optional(),
  whenSessionBlocked: z.enum(['fail', 'wait']).optional(),
  flow: z.string(),
  runner: z.string(),
  requestedBy: z.string().optional(),
});

/** Ranges are the reducer's to judge, so that it can say what is wrong. */
const settings = z.object({
  maxEntries: z.int().exactOptional(),
  strictOrder: z.boolean().exactOptional(),
  reuseSession: z.boolean().exactOptional(),
  maintenance: z.boolean().exactOptional(),
  maxMachines: z.int().exactOptional(),
  group: z.boolean().exactOptional(),
  limitedBots: z.boolean().exactOptional(),
});

const joining = z.object({
  machine: text,
  epoch: z.int().min(1),
  lastN: count,
  online: z.boolean(),
  presenceSeq: count,
  report: machineReport,
  reportSeq: count.optional(),
  maintenance: z.boolean().optional(),
  accounts: z.record(z.string(), z.string()).optional(),
});

const now = ms;
const actor = z.string();

const queueCommand = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('request'), now, entry, again: z.boolean().optional() }),
  z.object({ kind: z.literal('withdraw'), now, run: text }),
  z.object({ kind: z.literal('return'), now, grant, reason: z.string() }),
  z.object({ kind: z.literal('release'), now, grant, outcome: z.string(), ran: z.boolean().optional() }),
  z.object({ kind: z.literal('paused'), now, grant, paused: z.boolean(), by: z.string().optional() }),
  z.object({ kind: z.literal('confirm'), now, upTo: count, resend: z.boolean().optional() }),
  z.object({ kind: z.literal('stopping'), now, grant }),
  z.object({ kind: z.literal('reconcile'), now, ended: z.array(grant), silentBeforeMs: ms }),
  z.object({ kind: z.literal('setPriority'), now, run: text, priority, actor }),
  z.object({ kind: z.literal('moveToTop'), now, run: text, actor }),
  z.object({ kind: z.literal('undoMove'), now, run: text, actor }),
  z.object({ kind: z.literal('settings'), now, settings, actor }),
  z.object({ kind: z.literal('releaseByHand'), now, machine: text, reason: z.string(), actor }),
  z.object({ kind: z.literal('attach'), now, move: count, joining, settings: settings.optional() }),
  z.object({ kind: z.literal('detach'), now, move: count, machine: text }),
  z.object({ kind: z.literal('forget'), now, move: count, machine: text, target: z.string() }),
  z.object({
    kind: z.literal('presence'),
    now,
    machine: text,
    epoch: z.int().min(1),
    online: z.boolean(),
    seq: count,
  }),
  z.object({
    kind: z.literal('report'),
    now,
    machine: text,
    epoch: z.int().min(1),
    seq: count,
    report: machineReport,
  }),
  z.object({
    kind: z.literal('account'),
    now,
    machine: text,
    epoch: z.int().min(1),
    userKey: text,
    id: text,
  }),
  z.object({ kind: z.literal('machineMaintenance'), now, machine: text, on: z.boolean(), actor }),
  z.object({
    kind: z.literal('bot'),
    now,
    effect: z.int().min(1),
    count,
    contended: z.boolean().optional(),
  }),
]);

/** The command of the operation `name`, or what is wrong with it. Guards the entity: what is no command changes nothing. */
export function parseCommand(name: string, input: unknown): QueueCommand | string {
  const fields = typeof input === 'object' && input !== null ? input : {};
  const command = queueCommand.safeParse({ ...fields, kind: name });
  return command.success ? command.data : z.prettifyError(command.error);
}
