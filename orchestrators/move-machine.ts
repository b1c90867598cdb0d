import type { OrchestrationContext, Task } from 'durable-functions';
import type { JoiningMachine, QueueReply, QueueSettings } from '../domain/run-queue/messages';
import { DELETED } from '../domain/run-queue/moves';
import { callActivity } from './call-activity';
import type { Orchestration } from './call-activity';
import { callQueue } from './call-queue';
import { Inbox } from './inbox';
import type { MovingMachine } from './read-machine.activity';

/** Input of `move-machine`; its instance id is `move-<machine>`, so moves of a machine are serial (rule 8). */
export interface MoveInput {
  machine: string;
  /** The queue that it is to serve; `DELETED` takes it out of all. */
  target: string;
  actor: string;
}

export type MoveResult = { kind: 'moved'; queue: string } | { kind: 'refused'; code: string; detail: string };

/** How often running work is looked after before the history is begun anew, and how long between looks. */
const LOOKS = 30;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;

/** After the last `stop` of a removed machine its agent has so long to fetch it. */
const FAREWELL_MS = 60_000;

/**
 * Moves a machine from the queue that it serves to another (rows B2, D4; rules 8, 9): nothing more is granted at the source, its running
 * work ends, it joins the target with its last fence and its presence, the source forgets it and tells pinned runs where it went.
 * What is under way stands in the machine's row, so that a move that somebody broke off is taken up again before the next.
 */
export function* moveMachine({ df }: OrchestrationContext): Generator<Task, MoveResult | undefined, unknown> {
  const input = df.getInput<MoveInput>();
  const caller: Orchestration = { df, inbox: new Inbox(df) };
  for (;;) {
    const machine = yield* callActivity(caller, 'read-machine', { machine: input.machine });
    if (!machine) return { kind: 'moved', queue: DELETED };
    const wanted = machine.revoked ? DELETED : input.target;
    if (machine.movingTo === undefined && machine.queue === wanted) return { kind: 'moved', queue: wanted };
    const hop: Hop = {
      machine,
      target: machine.movingTo ?? wanted,
      move: machine.movingTo === undefined ? machine.move + 1 : machine.move,
      actor: input.actor,
    };
    yield* note(caller, hop, { queue: machine.queue, move: hop.move, movingTo: hop.target });
    const left = yield* leave(caller, hop);
    if (left === 'still busy') {
      df.continueAsNew(input);
      return undefined;
    }
    const refused = yield* arrive(caller, hop, left);
    if (refused) return refused;
  }
}

interface Hop {
  machine: MovingMachine;
  target: string;
  move: number;
  actor: string;
}

type Detached = Extract<QueueReply, { kind: 'detached' }>;

/** @returns what the target needs to know, or undefined when the source does not have the machine. */
function* leave(
  caller: Orchestration,
  { machine, target, move, actor }: Hop,
): Generator<Task, Detached | undefined | 'still busy', unknown> {
  const { df, inbox } = caller;
  const { id, queue } = machine;
  let removing = target === DELETED;
  let pauseMs = FIRST_PAUSE_MS;
  for (let look = 0; look < LOOKS; look += 1) {
    const reply = yield* callQueue(caller, queue, { kind: 'detach', move, machine: id });
    if (reply.kind !== 'detached') return undefined;
    if (reply.busy === 0) return reply;
    if (removing) {
      const reason = 'the machine was deleted';
      yield* callQueue(caller, queue, { kind: 'releaseByHand', machine: id, reason, actor });
      continue;
    }
    yield* inbox.during(df.createTimer(new Date(inbox.nowMs + pauseMs)));
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    removing ||= (yield* callActivity(caller, 'read-machine', { machine: id }))?.revoked ?? true;
  }
  return 'still busy';
}

/** @returns the target's refusal; the machine is back at its source then. */
function* arrive(
  caller: Orchestration,
  hop: Hop,
  left: Detached | undefined,
): Generator<Task, MoveResult | undefined, unknown> {
  const { machine, target, move } = hop;
  const { id, queue: source } = machine;
  if (target === DELETED) {
    yield* callQueue(caller, source, { kind: 'forget', move, machine: id, target });
    yield* caller.inbox.during(caller.df.createTimer(new Date(caller.inbox.nowMs + FAREWELL_MS)));
    yield* callActivity(caller, 'remove-command-queue', { machine: id });
  } else {
    const joining = joiningMachine(machine, left);
    const settings = settingsFor(hop, left);
    const reply = yield* callQueue(caller, target, { kind: 'attach', move, joining, settings });
    if (reply.kind === 'refused') {
      yield* callQueue(caller, source, { kind: 'attach', move: move + 1, joining });
      yield* note(caller, hop, { queue: source, move: move + 1, movingTo: '' });
      return { kind: 'refused', code: reply.code, detail: reply.detail };
    }
    yield* callQueue(caller, source, { kind: 'forget', move, machine: id, target });
  }
  yield* note(caller, hop, { queue: target, move, movingTo: '' });
  return undefined;
}

function joiningMachine(machine: MovingMachine, left: Detached | undefined): JoiningMachine {
  return {
    machine: machine.id,
    epoch: left?.epoch ?? machine.epoch,
    lastN: left?.lastN ?? 0,
    online: left?.online ?? false,
    presenceSeq: left?.presenceSeq ?? 0,
    report: machine.report,
    reportSeq: left?.reportSeq,
    maintenance: left?.maintenance ?? machine.maintenance,
    ...(left?.accounts ? { accounts: left.accounts } : {}),
  };
}

/** Its own queue keeps the setting that the group defined last (row D4); a group's settings are its own. */
function settingsFor({ machine, target }: Hop, left: Detached | undefined): Partial<QueueSettings> {
  const { limitedBots, report } = machine;
  if (target !== machine.id || !left) return { limitedBots };
  return { limitedBots, reuseSession: left.reuseSession && !report.multipleSessionsPerUser };
}

function note(
  caller: Orchestration,
  { machine }: Hop,
  place: { queue: string; move: number; movingTo: string },
): Generator<Task, void, unknown> {
  return callActivity(caller, 'place-machine', { machine: machine.id, ...place });
}
