import type { AgentCommand } from '../../contracts/agent-protocol';
import type { Fence } from '../../contracts/ids';
import type { TestAgent } from './test-agent';

interface Entry {
  fence: Fence;
  state: 'accepted' | 'started' | 'done' | 'never';
}

/**
 * An agent in a few lines that keeps the rules of the run protocol (rules 2, 3, 10, 12): it acts on a command when the test delivers it,
 * in any order and as often as the test likes, and executes one run at a time.
 */
export class JournalAgent {
  readonly journal = new Map<string, Entry>();
  readonly executions: string[] = [];
  private highest = 0;

  constructor(readonly agent: TestAgent) {}

  get executing(): string | undefined {
    return [...this.journal].find(([, { state }]) => state === 'started')?.[0];
  }

  async take(command: AgentCommand): Promise<void> {
    if (command.kind === 'offer') return this.offer(command);
    if (command.kind === 'go') return this.go(command);
    if (command.kind === 'stop') return this.stop(command);
  }

  /** The run that executes now comes to its end. */
  async finish(outcome: 'Succeeded' | 'Failed' = 'Succeeded'): Promise<void> {
    const run = this.executing;
    const entry = run === undefined ? undefined : this.journal.get(run);
    if (run === undefined || !entry) return;
    entry.state = 'done';
    await this.agent.say('done', { outcome }, { run, fence: entry.fence });
  }

  /** Says again what the journal holds of every run. */
  async repeat(): Promise<void> {
    for (const [run, entry] of this.journal) await this.report(run, entry);
  }

  private async offer({ run, fence }: AgentCommand): Promise<void> {
    const known = this.journal.get(run);
    if (known?.fence.n === fence.n) return this.report(run, known);
    if (known?.state === 'started' || known?.state === 'done') return;
    if (fence.n < this.highest || this.executing !== undefined) {
      const error = { code: 'UIFlowAlreadyRunning' as const, message: 'busy' };
      return this.agent.say('refused', { error }, { run, fence });
    }
    this.highest = fence.n;
    const entry: Entry = { fence, state: 'accepted' };
    this.journal.set(run, entry);
    return this.report(run, entry);
  }

  private async go({ run, fence }: AgentCommand): Promise<void> {
    const known = this.journal.get(run);
    if (known && known.fence.n > fence.n) return;
    if (!known || known.fence.n < fence.n) return this.never(run, fence, known);
    if (known.state !== 'accepted') return this.report(run, known);
    if (this.executing !== undefined) return this.never(run, fence, undefined);
    known.state = 'started';
    this.executions.push(run);
    return this.report(run, known);
  }

  private async stop({ run, fence }: AgentCommand): Promise<void> {
    const known = this.journal.get(run);
    if (known && known.fence.n > fence.n) return;
    if (!known || known.state === 'accepted') return this.never(run, fence, undefined);
    if (known.state === 'started') {
      known.state = 'done';
      await this.agent.say('done', { outcome: 'Stopped' }, { run, fence: known.fence });
    } else if (known.fence.n === fence.n) await this.report(run, known);
    if (known.fence.n < fence.n) await this.never(run, fence, known);
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
