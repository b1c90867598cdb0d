import type { GrantRef, QueueCommand, QueueSettings, RequestedRun } from '../../domain/run-queue/messages';
import type { NaiveMachine, NaiveRun } from './naive-fit';
import { naiveFit } from './naive-fit';

type Of<K extends QueueCommand['kind']> = Extract<QueueCommand, { kind: K }>;

/**
 * The run queue once more, as simple as it can be: an unordered list of runs that is looked through for everything. It says
 * which reply a command gets, which run may start next and where; it does not choose machines.
 */
export class ReferenceQueue {
  now = 0;
  runs: NaiveRun[] = [];
  machines: NaiveMachine[] = [];
  gone = new Map<string, { move: number; target: string }>();
  settings: QueueSettings;
  arrivals = 0;
  tops = 0;
  bots = { held: 0, seen: 0, contended: false };

  constructor(settings: QueueSettings) {
    this.settings = settings;
  }

  waiting(): NaiveRun[] {
    const rank = { high: 0, normal: 1, low: 2 };
    return this.runs
      .filter((run) => !run.held)
      .sort(
        (a, b) =>
          b.top - a.top ||
          rank[a.priority] - rank[b.priority] ||
          a.requestedMs - b.requestedMs ||
          a.arrival - b.arrival,
      );
  }

  there(machine: string): NaiveRun[] {
    return this.runs.filter((run) => run.held?.machine === machine);
  }

  freeBots(): number {
    if (!this.settings.limitedBots) return Infinity;
    return this.bots.held - this.runs.filter((run) => run.held && run.mode === 'unattended').length;
  }

  /** Machines that may be given to the run now; empty when it cannot start. */
  machinesFor(run: NaiveRun, bots = this.freeBots()): string[] {
    if (run.deadlineMs <= this.now || (run.mode === 'unattended' && bots <= 0)) return [];
    const { reuseSession: reuse, maintenance } = this.settings;
    const fits = this.machines
      .filter(({ machine }) => run.pinned === undefined || run.pinned === machine)
      .map((machine) => {
        const there = this.there(machine.machine);
        return {
          id: machine.machine,
          fit: naiveFit(run, machine, { there, reuse, maintenance, now: this.now }),
        };
      });
    const those = (fit: string) => fits.filter((f) => f.fit === fit).map(({ id }) => id);
    if (those('yes').length > 0) return those('yes');
    return run.waits || those('later').length > 0 ? [] : those('refused');
  }

  /** The run that has to start next, if any can. */
  first(bots = this.freeBots()): NaiveRun | undefined {
    const due = this.waiting().filter((run) => run.deadlineMs > this.now);
    const line = this.settings.strictOrder ? due.slice(0, 1) : due;
    return line.find((run) => this.machinesFor(run, bots).length > 0);
  }

  /** Applies the command, without granting. Says the kind of the reply, with the code of a refusal. */
  apply(command: QueueCommand): string {
    this.now = Math.max(this.now, command.now);
    this.runs = this.runs.filter((run) => run.held || run.deadlineMs >= this.now - 3_600_000);
    switch (command.kind) {
      case 'request':
        return this.#request(command.entry, command.again === true);
      case 'withdraw':
        return this.#withdraw(command.run);
      case 'return':
        return this.#return(command);
      case 'release':
        return this.#release(command.grant) ? 'ok' : 'stale';
      case 'confirm':
        return 'ok';
      case 'paused':
        return this.#holder(command.grant) ? 'ok' : 'stale';
      case 'stopping':
        return this.#stopping(command.grant) ? 'ok' : 'stale';
      case 'reconcile':
        command.ended.forEach((grant) => this.#stopping(grant));
        for (const run of this.runs.filter(
          (r) => (r.held?.stoppingMs ?? Infinity) < command.silentBeforeMs,
        )) {
          this.#drop(run);
        }
        return 'ok';
      case 'setPriority':
        return this.#change(command.run, (run) => {
          run.priority = command.priority;
          return 'ok';
        });
      case 'moveToTop':
        return this.#change(command.run, (run) => {
          run.top = this.tops += 1;
          return 'ok';
        });
      case 'undoMove':
        return this.#change(command.run, (run) => {
          if (run.top === 0) return 'NotOnTop';
          run.top = 0;
          return 'ok';
        });
      case 'settings':
        return this.#settings(command.settings);
      case 'releaseByHand':
        if (!this.machine(command.machine)) return 'NoSuchMachine';
        this.there(command.machine).forEach((run) => this.#drop(run));
        return 'ok';
      case 'attach':
        return this.#attach(command);
      case 'detach':
        return this.#detach(command);
      case 'forget':
        return this.#forget(command);
      case 'presence':
      case 'report':
        return this.#heard(command);
      case 'account':
        return this.#account(command);
      case 'machineMaintenance': {
        const machine = this.machine(command.machine);
        if (machine) machine.maintenance = command.on;
        return machine ? 'ok' : 'NoSuchMachine';
      }
      case 'bot':
        if (command.effect <= this.bots.seen) return 'old';
        this.bots = {
          held: this.bots.held + command.count,
          seen: command.effect,
          contended: command.contended ?? this.bots.contended,
        };
        return 'ok';
    }
  }

  machine(id: string): NaiveMachine | undefined {
    return this.machines.find((machine) => machine.machine === id);
  }

  #request(entry: RequestedRun, again: boolean): string {
    const known = this.runs.find((run) => run.run === entry.run);
    if (known) return known.held ? 'granted' : 'queued';
    if (entry.deadlineMs <= this.now) return 'expired';
    const { pinned } = entry;
    if (pinned !== undefined && !this.machine(pinned) && this.gone.get(pinned)?.target) return 'moved';
    if (this.settings.group && this.machines.length === 0 && !again) return 'GroupIsEmpty';
    if (!again && this.waiting().length >= this.settings.maxEntries) return 'full';
    this.arrivals += 1;
    this.runs.push({
      ...entry,
      pinned,
      waits: entry.whenSessionBlocked === 'wait',
      arrival: this.arrivals,
      top: 0,
      refusedUntil: new Map(),
      refusedForUser: new Set(),
      held: undefined,
    });
    return 'queued';
  }

  #withdraw(id: string): string {
    const run = this.runs.find((known) => known.run === id);
    if (!run) return 'unknown';
    if (run.held) return 'granted';
    this.runs = this.runs.filter((known) => known !== run);
    return 'removed';
  }

  #return({ grant, reason }: Of<'return'>): string {
    const run = this.#holder(grant);
    if (!run) return 'stale';
    this.#drop(run);
    if (run.deadlineMs <= this.now) return 'expired';
    run.refusedUntil.set(grant.machine, this.now + 30_000);
    if (reason === 'UIFlowAlreadyRunning') run.refusedForUser.add(grant.machine);
    else run.refusedForUser.delete(grant.machine);
    this.runs.push(run);
    return 'queued';
  }

  #holder(grant: GrantRef): NaiveRun | undefined {
    return this.runs.find(
      ({ run, held }) =>
        run === grant.run &&
        held?.machine === grant.machine &&
        held.epoch === grant.fence.epoch &&
        held.n === grant.fence.n,
    );
  }

  #release(grant: GrantRef): boolean {
    const run = this.#holder(grant);
    if (!run) return false;
    this.#drop(run);
    for (const other of this.runs) {
      if (other.refusedForUser.has(grant.machine)) other.refusedUntil.delete(grant.machine);
    }
    return true;
  }

  #drop(run: NaiveRun): void {
    run.held = undefined;
    this.runs = this.runs.filter((other) => other !== run);
  }

  #stopping(grant: GrantRef): boolean {
    const held = this.#holder(grant)?.held;
    if (held) held.stoppingMs ??= this.now;
    return held !== undefined;
  }

  #change(id: string, change: (run: NaiveRun) => string): string {
    const run = this.runs.find((known) => known.run === id && !known.held);
    return run ? change(run) : 'NotQueued';
  }

  #settings(settings: Partial<QueueSettings>): string {
    const { maxEntries = 1, maxMachines = 50, reuseSession } = settings;
    if (maxEntries < 1 || maxEntries > 2_000) return 'BadSetting';
    if (maxMachines < 1 || maxMachines < this.machines.length) return 'BadSetting';
    if (reuseSession && this.machines.some(({ report }) => report.multipleSessionsPerUser)) {
      return 'SessionReuseNotPossible';
    }
    this.settings = { ...this.settings, ...settings };
    return 'ok';
  }

  #attach({ move, joining }: Of<'attach'>): string {
    const known = this.machine(joining.machine);
    if (known && move === known.move) {
      if (joining.epoch > known.epoch) this.#anew(known, joining.epoch);
      return joining.epoch < known.epoch ? 'old' : 'ok';
    }
    if (move <= Math.max(known?.move ?? 0, this.gone.get(joining.machine)?.move ?? 0)) return 'old';
    if (known) {
      if (joining.epoch > known.epoch) this.#anew(known, joining.epoch);
      known.moving = false;
      known.move = move;
    } else {
      const refused = this.#noRoom(joining.report.multipleSessionsPerUser);
      if (refused) {
        this.gone.set(joining.machine, { move, target: this.gone.get(joining.machine)?.target ?? '' });
        return refused;
      }
      const { machine, epoch, online, presenceSeq, reportSeq = 0, maintenance = false, report } = joining;
      this.machines.push({
        machine,
        epoch,
        online,
        presenceSeq,
        reportSeq,
        maintenance,
        report,
        accounts: new Map(Object.entries(joining.accounts ?? {})),
        move,
        moving: false,
      });
    }
    this.gone.delete(joining.machine);
    return 'ok';
  }

  #noRoom(multipleSessionsPerUser: boolean): string | undefined {
    if (this.machines.length >= this.settings.maxMachines) return 'GroupIsFull';
    return this.settings.reuseSession && multipleSessionsPerUser ? 'SessionReuseNotPossible' : undefined;
  }

  #anew(machine: NaiveMachine, epoch: number): void {
    Object.assign(machine, { epoch, presenceSeq: 0, reportSeq: 0, accounts: new Map() });
    for (const { held } of this.there(machine.machine)) {
      if (held && held.epoch < epoch) held.stoppingMs ??= this.now;
    }
  }

  #detach({ machine: id, move }: Of<'detach'>): string {
    const machine = this.machine(id);
    if (!machine) return 'NoSuchMachine';
    if (move < machine.move) return 'old';
    Object.assign(machine, { moving: true, move });
    return 'detached';
  }

  #forget({ machine: id, move, target }: Of<'forget'>): string {
    const machine = this.machine(id);
    if (!machine) return (this.gone.get(id)?.move ?? 0) > move ? 'old' : 'ok';
    if (!machine.moving || machine.move !== move) return 'old';
    if (this.there(id).length > 0) return 'detached';
    this.machines = this.machines.filter((other) => other !== machine);
    this.runs = this.runs.filter((run) => run.held || run.pinned !== id);
    this.gone.set(id, { move, target });
    return 'ok';
  }

  #account({ machine: id, epoch, userKey, id: account }: Of<'account'>): string {
    const machine = this.machine(id);
    if (!machine) return 'NoSuchMachine';
    if (epoch < machine.epoch) return 'old';
    if (epoch > machine.epoch) this.#anew(machine, epoch);
    machine.accounts.set(userKey, account);
    return 'ok';
  }

  #heard(command: Of<'presence'> | Of<'report'>): string {
    const machine = this.machine(command.machine);
    if (!machine) return 'NoSuchMachine';
    if (command.epoch < machine.epoch) return 'old';
    if (command.epoch > machine.epoch) this.#anew(machine, command.epoch);
    if (command.kind === 'presence') {
      if (command.seq < machine.presenceSeq) return 'old';
      Object.assign(machine, { online: command.online, presenceSeq: command.seq });
      if (!command.online) return 'ok';
    } else {
      if (command.seq < machine.reportSeq) return 'old';
      Object.assign(machine, { report: command.report, reportSeq: command.seq });
    }
    this.runs.forEach((run) => run.refusedUntil.delete(command.machine));
    return 'ok';
  }
}
