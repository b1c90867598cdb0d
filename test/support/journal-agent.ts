import { compareFences, laterFence } from '../../agent/protocol/fence';
import type { AgentCommand } from '../../contracts/agent-protocol';
import type { Fence } from '../../contracts/ids';
import type { TestAgent } from './test-agent';

interface Entry {
  fence: Fence;
  state: 'accepted' | 'started' | 'done' | 'never';
}

/**
 * An agent in a few lines that keeps the rules of the run protocol (rules 2, 3, 10, 12) and of registrations (docs/adr/0002): it acts on a
 * command when the test delivers it, in any order and as often as the test likes, and executes one run at a time.
 */
export class JournalAgent {
  readonly journal = new Map<string, Entry>();
  readonly executions: string[] = [];
  private highest: Fence = { epoch: 1, n: 0 };
  /** First registration that the journal covers. */
  private begins = 1;

  constructor(readonly agent: TestAgent) {}

  get executing(): string | undefined {
    return [...this.journal].find(([, { state }]) => state === 'started')?.[0];
  }

  async take(command: AgentCommand): Promise<void> {
    const { epoch } = command.fence;
    if (epoch > this.agent.epoch) return;
    if (epoch < this.agent.epoch && !this.journal.has(command.run)) return this.foreign(command);
    if (command.kind === 'offer') return this.offer(command);
    if (command.kind === 'go') return this.go(command);
    if (command.kind === 'stop') return this.stop(command);
    const known = this.journal.get(command.run);
    if (known?.state !== 'started' || compareFences(known.fence, command.fence) !== 0) return;
    const { run, fence } = command;
    await this.agent.say(command.kind === 'pause' ? 'paused' : 'resumed', {}, { run, fence });
  }

  /** The run that executes now comes to its end. */
  async finish(outcome: 'Succeeded' | 'Failed' = 'Succeeded'): Promise<void> {
    const run = this.executing;
    const entry = run === undefined ? undefined : this.journal.get(run);
    if (run === undefined || !entry) return;
    entry.state = 'done';
    await this.agent.say('done', { outcome }, { run, fence: entry.fence });
  }

  /** The machine is registered anew, by an agent that found the journal of the one before or not; its workers are killed. */
  async registerAnew(journal: 'kept' | 'lost'): Promise<void> {
    await this.agent.registerAnew();
    if (journal === 'lost') {
      this.journal.clear();
      this.begins = this.agent.epoch;
    }
    for (const [run, entry] of this.journal) {
      if (entry.state === 'accepted') entry.state = 'never';
      else if (entry.state === 'started') entry.state = 'done';
      else continue;
      await this.report(run, entry);
    }
    await this.agent.hello();
  }

  /** A command of a former registration that the journal does not name. */
  private async foreign({ kind, run, fence }: AgentCommand): Promise<void> {
    if (kind === 'offer') return this.refuse(run, fence);
    if ((kind === 'go' || kind === 'stop') && this.begins <= fence.epoch)
      await this.never(run, fence, undefined);
  }

  private refuse(run: string, fence: Fence): Promise<void> {
    const error = { code: 'UIFlowAlreadyRunning' as const, message: 'busy' };
    return this.agent.say('refused', { error }, { run, fence });
  }

  /** Says again what the journal holds of every run. */
  async repeat(): Promise<void> {
    for (const [run, entry] of this.journal) await this.report(run, entry);
  }

  private async offer({ run, fence }: AgentCommand): Promise<void> {
    const known = this.journal.get(run);
    if (known && compareFences(known.fence, fence) === 0) return this.report(run, known);
    if (known?.state === 'done' && compareFences(known.fence, fence) < 0) {
      return this.report(run, { ...known, fence });
    }
    if (known?.state === 'started' || known?.state === 'done') return;
    if (compareFences(fence, this.highest) < 0 || this.executing !== undefined)
      return this.refuse(run, fence);
    this.highest = laterFence(this.highest, fence);
    const entry: Entry = { fence, state: 'accepted' };
    this.journal.set(run, entry);
    return this.report(run, entry);
  }

  private async go({ run, fence }: AgentCommand): Promise<void> {
    const known = this.journal.get(run);
    const age = known ? compareFences(known.fence, fence) : -1;
    if (age > 0) return;
    if (known?.state === 'done' && age < 0) return this.report(run, { ...known, fence });
    if (!known || age < 0) return this.never(run, fence, known);
    if (known.state !== 'accepted') return this.report(run, known);
    if (this.executing !== undefined) return this.never(run, fence, undefined);
    known.state = 'started';
    this.executions.push(run);
    return this.report(run, known);
  }

  private async stop({ run, fence }: AgentCommand): Promise<void> {
    const known = this.journal.get(run);
    const age = known ? compareFences(known.fence, fence) : -1;
    if (age > 0) return;
    if (!known || known.state === 'accepted') return this.never(run, fence, undefined);
    if (known.state === 'started') {
      known.state = 'done';
      await this.agent.say('done', { outcome: 'Stopped' }, { run, fence: known.fence });
    } else if (age === 0 || known.state === 'done') return this.report(run, { ...known, fence });
    if (age < 0) await this.never(run, fence, known);
  }

  /** Rule 12: a record of what was started or done is never replaced. */
  private async never(run: string, fence: Fence, known: Entry | undefined): Promise<void> {
    if (!known || known.state === 'accepted' || known.state === 'never') {
      this.journal.set(run, { fence, state: 'never' });
    }
    await this.agent.say('never', { reason: 'journal' }, { run, fence });
  }

  private async report(run: string, { state, fence }: Entry): Promise<void> {
    const at = new Date(this.agent.rig.clock.now()).toISOString();
    if (state === 'accepted') await this.agent.say('accepted', {}, { run, fence });
    else if (state === 'started') await this.agent.say('started', { at }, { run, fence });
    else if (state === 'done') await this.agent.say('done', { outcome: 'Succeeded' }, { run, fence });
    else await this.agent.say('never', { reason: 'journal' }, { run, fence });
  }
}
