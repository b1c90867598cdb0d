import type { MachineReport } from '../../contracts/agent-protocol';
import { commandToCapacity, commandToQueue } from '../../domain/capacity/command-schema';
import { decideCapacity } from '../../domain/capacity/decide-capacity';
import type { CapacityCommand } from '../../domain/capacity/messages';
import { emptyCapacity, lentBots } from '../../domain/capacity/state';
import type {
  GrantRef,
  QueueCommand,
  QueueEffect,
  QueueReply,
  RequestedRun,
} from '../../domain/run-queue/messages';
import { grantRef } from '../../domain/run-queue/state';
import type { Fences } from './checked-queue';
import { CheckedQueue, Violation } from './checked-queue';
import type { Choices } from './random';
import { once, pick } from './random';

const QUEUES = ['G', 'Q'] as const;
const MACHINES = ['m1', 'm2', 'm3'] as const;
const USERS = ['ann', 'bob', 'eve', 'ann@corp'] as const;
/** Whom the names mean: two are one user's (row E1). */
const ACCOUNTS = { ann: 'id:1', bob: 'id:2', eve: 'id:3', 'ann@corp': 'id:1' } as const;
const HOUR = 3_600_000;

type Untimed<C> = C extends QueueCommand ? Omit<C, 'now'> : never;
type Command = Untimed<QueueCommand>;

interface Moving {
  machine: string;
  from: string;
  to: string;
  number: number;
  step: 'detach' | 'attach' | 'forget';
  brings: Extract<QueueReply, { kind: 'detached' }> | undefined;
}

/**
 * Two queues, the bots and three machines under random commands: people, owners, moves, presence out of order, repeats, a clock
 * that runs backwards at times. Effects are delivered late and repeatedly, but in order. Every step is checked.
 */
export class World {
  readonly fences: Fences = new Map();
  readonly queues: readonly CheckedQueue[] = QUEUES.map((id) => new CheckedQueue(id, this.fences));
  capacity = emptyCapacity();
  commands = 0;
  #now = 100 * HOUR;
  #runs = 0;
  #seq = 0;
  readonly #epochs = new Map<string, number>(MACHINES.map((machine) => [machine, 1]));
  readonly #home = new Map<string, string>(MACHINES.map((machine) => [machine, 'G']));
  readonly #moves = new Map<string, number>(MACHINES.map((machine) => [machine, 1]));
  #moving: Moving[] = [];
  /** Owners that have a request to make: after a move, or a stale return. */
  #again: RequestedRun[] = [];
  readonly #said: { queue: CheckedQueue; command: Command }[] = [];
  readonly #entries = new Map<string, RequestedRun>();

  constructor(readonly choices: Choices) {
    for (const machine of MACHINES) this.#say(this.#queue('G'), this.#joining(machine, 1));
    if (once(choices, 2)) this.#bots(true, 2);
  }

  /** One random thing happens. */
  step(): void {
    const { choices } = this;
    if (once(choices, 4)) this.#now += pick(choices, [1, 1_000, 5_000, 40_000]);
    if (once(choices, 60)) this.#now += pick(choices, [HOUR, -10 * 60_000]);
    const queue = pick(choices, this.queues);
    const machine = pick(choices, MACHINES);
    const what = choices.below(100);
    if (what < 22) this.#request(queue);
    else if (what < 40) this.#endOne(queue);
    else if (what < 46) this.#giveBack(queue);
    else if (what < 50) this.#withdraw(queue);
    else if (what < 60) this.#person(queue);
    else if (what < 70) this.#deliver(queue);
    else if (what < 75) this.#deliverBots();
    else if (what < 82) this.#heard(queue, machine);
    else if (what < 90) this.#move(machine);
    else if (what < 93) this.#orphan(queue);
    else if (what < 97) this.#repeat();
    else if (what < 98) this.#registerAnew(machine);
    else if (once(choices, 3)) this.#bots(!once(choices, 3), choices.below(4));
  }

  /** Everything on its way arrives; then the bots are where they belong and nothing startable lacks one that is free. */
  settle(): void {
    for (let round = 0; round < 100; round += 1) {
      if (this.queues.every((q) => q.state.outbox.length === 0) && this.capacity.outbox.length === 0) break;
      for (const queue of this.queues) this.#deliver(queue, true);
      this.#deliverBots(true);
    }
    const held = this.queues.reduce((sum, queue) => sum + queue.state.bots.held, 0);
    if (held !== lentBots(this.capacity))
      throw new Violation(`lent ${lentBots(this.capacity)}, held ${held}`);
    const free = this.capacity.total - held;
    const hungry = this.queues.find((q) => q.reference.settings.limitedBots && q.reference.first(Infinity));
    if (free > 0 && hungry) throw new Violation(`${hungry.id}: a run waits for a bot while ${free} are free`);
  }

  #queue(id: string): CheckedQueue {
    const queue = this.queues.find((known) => known.id === id);
    if (!queue) throw new Error(`no queue ${id}`);
    return queue;
  }

  #say(queue: CheckedQueue, command: Command): QueueReply {
    this.commands += 1;
    this.#said.push({ queue, command });
    if (this.#said.length > 30) this.#said.shift();
    return queue.tell({ ...command, now: this.#now });
  }

  #request(queue: CheckedQueue): void {
    const { choices } = this;
    const again = this.#again.pop();
    if (again) {
      this.#say(queue, { kind: 'request', entry: again, again: true });
      return;
    }
    this.#runs += 1;
    const requestedMs = this.#now - choices.below(3) * 1_000;
    const entry: RequestedRun = {
      run: `r${this.#runs}`,
      owner: once(choices, 5) ? `owner-${this.#runs}` : `r${this.#runs}`,
      requestedMs,
      deadlineMs: requestedMs + pick(choices, [3 * HOUR, 3 * HOUR, 60_000]),
      priority: pick(choices, ['high', 'normal', 'normal', 'low'] as const),
      mode: pick(choices, ['attended', 'unattended', 'unattended'] as const),
      userKey: pick(choices, USERS),
      pinned: once(choices, 4) ? pick(choices, MACHINES) : undefined,
      whenSessionBlocked: once(choices, 2) ? 'wait' : 'fail',
      flow: pick(choices, ['invoices', 'orders']),
      runner: 'node',
    };
    this.#entries.set(entry.run, entry);
    this.#say(queue, { kind: 'request', entry });
  }

  #someGrant(queue: CheckedQueue): GrantRef | undefined {
    const { grants } = queue.state;
    const grant = grants.length > 0 ? pick(this.choices, grants) : undefined;
    if (!grant) return undefined;
    const ref = grantRef(grant);
    return once(this.choices, 10) ? { ...ref, fence: { ...ref.fence, n: ref.fence.n - 1 } } : ref;
  }

  #endOne(queue: CheckedQueue): void {
    const grant = this.#someGrant(queue);
    if (grant) this.#say(queue, { kind: 'release', grant, outcome: 'Succeeded', ran: once(this.choices, 2) });
  }

  #giveBack(queue: CheckedQueue): void {
    const grant = this.#someGrant(queue);
    const reason = once(this.choices, 2) ? 'no answer' : 'UIFlowAlreadyRunning';
    if (grant) this.#say(queue, { kind: 'return', grant, reason });
  }

  #someWaiting(queue: CheckedQueue): string {
    const runs = queue.state.entries.map(({ run }) => run);
    return runs.length === 0 || once(this.choices, 20) ? 'nobody' : pick(this.choices, runs);
  }

  #withdraw(queue: CheckedQueue): void {
    this.#say(queue, { kind: 'withdraw', run: this.#someWaiting(queue) });
  }

  #person(queue: CheckedQueue): void {
    const { choices } = this;
    const run = this.#someWaiting(queue);
    const machine = pick(choices, MACHINES);
    const actor = 'ann';
    const on = once(choices, 3);
    this.#say(
      queue,
      pick<() => Command>(choices, [
        () => ({ kind: 'setPriority', run, priority: pick(choices, ['high', 'normal', 'low']), actor }),
        () => ({ kind: 'setPriority', run, priority: pick(choices, ['high', 'normal', 'low']), actor }),
        () => ({ kind: 'moveToTop', run, actor }),
        () => ({ kind: 'moveToTop', run, actor }),
        () => ({ kind: 'undoMove', run, actor }),
        () => ({ kind: 'machineMaintenance', machine, on, actor }),
        () => ({ kind: 'releaseByHand', machine, reason: 'stuck', actor }),
        () => ({ kind: 'settings', settings: { strictOrder: on }, actor }),
        () => ({ kind: 'settings', settings: { reuseSession: on }, actor }),
        () => ({ kind: 'settings', settings: { maintenance: on && once(choices, 3) }, actor }),
        () => ({ kind: 'settings', settings: { maxEntries: pick(choices, [0, 5, 12, 500, 2_001]) }, actor }),
        () => ({ kind: 'settings', settings: { group: on, maxMachines: choices.below(4) }, actor }),
      ])(),
    );
  }

  /** A drainer delivers what is in the outbox, perhaps a part of it, perhaps without confirming. */
  #deliver(queue: CheckedQueue, all = false): void {
    const { outbox } = queue.state;
    const part = all ? outbox : outbox.slice(0, this.choices.below(outbox.length + 1));
    for (const effect of part) this.#takeEffect(queue, effect);
    const upTo = part.at(-1)?.id;
    if (upTo !== undefined && (all || !once(this.choices, 5))) this.#say(queue, { kind: 'confirm', upTo });
  }

  #takeEffect(queue: CheckedQueue, effect: QueueEffect): void {
    if (effect.kind === 'wantBot' || effect.kind === 'returnBot') {
      this.#tellCapacity(commandToCapacity(queue.id, effect, this.#now));
    }
    if (effect.kind === 'moved') {
      const entry = [...this.#entries.values()].find(({ owner }) => owner === effect.owner);
      const somewhere = this.queues.some((q) => q.reference.runs.some(({ run }) => run === entry?.run));
      if (entry && !somewhere && !this.#again.includes(entry)) this.#again.push(entry);
    }
  }

  #tellCapacity(command: CapacityCommand): void {
    this.commands += 1;
    this.capacity = decideCapacity(this.capacity, command).state;
  }

  #deliverBots(all = false): void {
    const { outbox } = this.capacity;
    const part = all ? outbox : outbox.slice(0, this.choices.below(outbox.length + 1));
    for (const effect of part) this.#say(this.#queue(effect.queue), commandToQueue(effect, this.#now));
    for (const { queue, id } of part)
      if (all || !once(this.choices, 5)) {
        this.#tellCapacity({ kind: 'confirm', now: this.#now, queue, upTo: id });
      }
  }

  #heard(queue: CheckedQueue, machine: string): void {
    const { choices } = this;
    this.#seq += 1;
    const seq = Math.max(0, this.#seq - (once(choices, 5) ? choices.below(20) : 0));
    const epoch = this.#epochs.get(machine) ?? 1;
    const where = once(choices, 5) ? queue : this.#queue(this.#home.get(machine) ?? 'G');
    const userKey = pick(choices, USERS);
    if (once(choices, 6))
      this.#say(where, { kind: 'account', machine, epoch, userKey, id: ACCOUNTS[userKey] });
    else if (once(choices, 2)) {
      this.#say(where, { kind: 'presence', machine, epoch, online: !once(choices, 4), seq });
    } else this.#say(where, { kind: 'report', machine, epoch, seq, report: this.#report(machine) });
  }

  #report(machine: string): MachineReport {
    const { choices } = this;
    const sessions = USERS.flatMap((userKey) =>
      once(choices, 3)
        ? [
            {
              user: userKey,
              userKey,
              ...(once(choices, 2) ? { account: ACCOUNTS[userKey] } : {}),
              state: pick(choices, ['active', 'locked', 'disconnected'] as const),
            },
          ]
        : [],
    );
    return {
      os: machine === 'm1' ? 'windows11' : machine === 'm2' ? 'server2022' : 'linux',
      osVersion: '1',
      agentVersion: '1',
      hostname: machine,
      maxSessions: machine === 'm1' ? 1 : 1 + choices.below(3),
      rds: once(choices, 2),
      multipleSessionsPerUser: once(choices, 20),
      sessions: once(choices, 3) ? sessions : [],
      runners: [],
    };
  }

  #joining(machine: string, move: number, brings?: Moving['brings']): Extract<Command, { kind: 'attach' }> {
    const { lastN = 0, online = true, presenceSeq = 0, reportSeq = 0, maintenance = false } = brings ?? {};
    const { accounts } = brings ?? {};
    const epoch = this.#epochs.get(machine) ?? 1;
    const report = this.#report(machine);
    return {
      kind: 'attach',
      move,
      joining: { machine, epoch, lastN, online, presenceSeq, reportSeq, maintenance, report, accounts },
    };
  }

  /** The next step of the machine's move, or a new move. A refused attach goes back to where the machine was. */
  #move(machine: string): void {
    const moving = this.#moving.find((move) => move.machine === machine);
    if (!moving) {
      const from = this.#home.get(machine) ?? 'G';
      const number = (this.#moves.get(machine) ?? 0) + 1;
      this.#moves.set(machine, number);
      this.#moving.push({
        machine,
        from,
        to: from === 'G' ? 'Q' : 'G',
        number,
        step: 'detach',
        brings: undefined,
      });
      return;
    }
    const { from, to, number } = moving;
    if (moving.step === 'detach') {
      const reply = this.#say(this.#queue(from), { kind: 'detach', move: number, machine });
      if (reply.kind !== 'detached' || reply.busy > 0) return;
      moving.brings = reply;
      moving.step = 'attach';
    } else if (moving.step === 'attach') {
      const reply = this.#say(this.#queue(to), this.#joining(machine, number, moving.brings));
      if (reply.kind === 'refused') {
        this.#moves.set(machine, number + 1);
        this.#say(this.#queue(from), this.#joining(machine, number + 1, moving.brings));
        this.#moving = this.#moving.filter((move) => move !== moving);
      } else {
        this.#home.set(machine, to);
        moving.step = 'forget';
      }
    } else {
      this.#say(this.#queue(from), { kind: 'forget', move: number, machine, target: to });
      this.#moving = this.#moving.filter((move) => move !== moving);
    }
  }

  #orphan(queue: CheckedQueue): void {
    const grant = this.#someGrant(queue);
    if (grant && once(this.choices, 2)) this.#say(queue, { kind: 'stopping', grant });
    else {
      const silentBeforeMs = this.#now - pick(this.choices, [3 * HOUR, 60_000]);
      this.#say(queue, { kind: 'reconcile', ended: grant ? [grant] : [], silentBeforeMs });
    }
  }

  /** At-least-once: something that was said before is said again, but for requests of runs that have gone. */
  #repeat(): void {
    const { queue, command } = pick(this.choices, this.#said);
    const gone =
      command.kind === 'request' && !queue.reference.runs.some(({ run }) => run === command.entry.run);
    if (!gone) this.#say(queue, command);
  }

  #registerAnew(machine: string): void {
    const epoch = (this.#epochs.get(machine) ?? 1) + 1;
    this.#epochs.set(machine, epoch);
    const queue = this.#queue(this.#home.get(machine) ?? 'G');
    this.#say(queue, { kind: 'presence', machine, epoch, online: true, seq: 1 });
  }

  #bots(limitedBots: boolean, total: number): void {
    this.#tellCapacity({ kind: 'setTotal', now: this.#now, total });
    for (const queue of this.queues)
      this.#say(queue, { kind: 'settings', settings: { limitedBots }, actor: 'x' });
  }
}
