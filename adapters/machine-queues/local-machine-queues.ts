import { createHmac } from 'node:crypto';
import { AGENT_EVENTS_QUEUE, commandQueueName } from '../../contracts/agent-protocol';
import type { MachineQueues } from '../ports';
import { accessString, type RuleKey } from './sas';

interface LocalOptions {
  /** Loopback address of the broker's administration, served by the launcher. */
  url: string;
  key: string;
  /** `sb://host:port` of the broker. */
  endpoint: string;
  emulator: boolean;
}

/**
 * Queues of the local broker: PUT and DELETE /queues/{name}. Each queue has one rule, whose key derives from the administration key:
 * nothing is stored, and a restart gives the same keys.
 */
export class LocalMachineQueues implements MachineQueues {
  private eventsRule: Promise<RuleKey> | undefined;

  constructor(private readonly options: LocalOptions) {}

  async ensure(machine: string): Promise<void> {
    await this.putQueue(commandQueueName(machine), 'Listen');
  }

  async remove(machine: string): Promise<void> {
    await this.request('DELETE', commandQueueName(machine));
  }

  async queueName(machine: string): Promise<string> {
    return commandQueueName(machine);
  }

  async access(machine: string, expiresMs: number): Promise<{ commands: string; events: string }> {
    this.eventsRule ??= this.putQueue(AGENT_EVENTS_QUEUE, 'Send').catch((cause: unknown) => {
      this.eventsRule = undefined;
      throw cause;
    });
    const queue = commandQueueName(machine);
    const shared = { endpoint: this.options.endpoint, emulator: this.options.emulator, expiresMs };
    return {
      commands: accessString({ ...shared, queue, rule: this.ruleOf(queue, 'Listen') }),
      events: accessString({ ...shared, queue: AGENT_EVENTS_QUEUE, rule: await this.eventsRule }),
    };
  }

  private async putQueue(queue: string, right: 'Listen' | 'Send'): Promise<RuleKey> {
    const rule = this.ruleOf(queue, right);
    await this.request('PUT', queue, { rules: [{ ...rule, rights: [right] }] });
    return rule;
  }

  private ruleOf(queue: string, right: 'Listen' | 'Send'): RuleKey {
    const name = `agent-${right.toLowerCase()}`;
    return { name, key: createHmac('sha256', this.options.key).update(`${queue}/${name}`).digest('base64') };
  }

  private async request(method: string, queue: string, body?: unknown): Promise<void> {
    const answer = await fetch(new URL(`/queues/${queue}`, this.options.url), {
      method,
      headers: { 'x-attendant-key': this.options.key, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.ok || (method === 'DELETE' && answer.status === 404)) return;
    throw new Error(
      `the broker answered ${answer.status} to ${method} of queue ${queue}: ${await answer.text()}`,
    );
  }
}
