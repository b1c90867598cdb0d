import { z } from 'zod';
import { AGENT_EVENTS_QUEUE, commandQueueName } from '../../contracts/agent-protocol';
import type { AppIdentity } from '../azure/credential';
import { Cache } from '../cache';
import type { MachineQueues } from '../ports';
import { accessString, type RuleKey } from './sas';

const API_VERSION = '2024-01-01';

/** Rule that each command queue has for its agent. */
const LISTEN_RULE = 'agent-listen';

/** Rule of `agent-events` (made with the infrastructure) with which agents send. */
const SEND_RULE = 'agent-send';

/** How long a rule's key is remembered (ms): a key that was regenerated is used within this time. */
const KEY_FOR_MS = 5 * 60_000;

const keysAnswer = z.object({ primaryKey: z.string() });

interface ArmOptions {
  /** `/subscriptions/…/providers/Microsoft.ServiceBus/namespaces/<name>` */
  resourceId: string;
  /** `<name>.servicebus.windows.net` */
  namespace: string;
  /** `https://management.azure.com`, or that of another cloud. */
  management: string;
  identity: Pick<AppIdentity, 'bearer'>;
  now: () => number;
  fetch?: typeof fetch;
}

/** Queues of a Service Bus namespace, made through Azure Resource Manager with the app's identity. */
export class ArmMachineQueues implements MachineQueues {
  private readonly keys: Cache<RuleKey>;

  constructor(private readonly options: ArmOptions) {
    this.keys = new Cache({ entries: 5_000, keepMs: KEY_FOR_MS, now: options.now });
  }

  async ensure(machine: string): Promise<void> {
    const queue = `/queues/${commandQueueName(machine)}`;
    await this.request('PUT', queue, {
      properties: {
        lockDuration: 'PT1M',
        maxDeliveryCount: 10,
        requiresDuplicateDetection: true,
        duplicateDetectionHistoryTimeWindow: 'PT10M',
      },
    });
    await this.request('PUT', `${queue}/authorizationRules/${LISTEN_RULE}`, {
      properties: { rights: ['Listen'] },
    });
  }

  async remove(machine: string): Promise<void> {
    await this.request('DELETE', `/queues/${commandQueueName(machine)}`);
    this.keys.delete(commandQueueName(machine));
  }

  async queueName(machine: string): Promise<string> {
    return commandQueueName(machine);
  }

  async access(machine: string, expiresMs: number): Promise<{ commands: string; events: string }> {
    const queue = commandQueueName(machine);
    const shared = { endpoint: `sb://${this.options.namespace}`, emulator: false, expiresMs };
    const [listen, send] = await Promise.all([
      this.ruleKey(queue, LISTEN_RULE),
      this.ruleKey(AGENT_EVENTS_QUEUE, SEND_RULE),
    ]);
    return {
      commands: accessString({ ...shared, queue, rule: listen }),
      events: accessString({ ...shared, queue: AGENT_EVENTS_QUEUE, rule: send }),
    };
  }

  private async ruleKey(queue: string, rule: string): Promise<RuleKey> {
    const known = this.keys.get(queue);
    if (known) return known;
    const answer = await this.request('POST', `/queues/${queue}/authorizationRules/${rule}/listKeys`);
    const found = { name: rule, key: keysAnswer.parse(await answer.json()).primaryKey };
    this.keys.set(queue, found);
    return found;
  }

  private async request(method: string, path: string, body?: unknown): Promise<Response> {
    const { resourceId, management, identity } = this.options;
    const answer = await (this.options.fetch ?? fetch)(
      `${management}${resourceId}${path}?api-version=${API_VERSION}`,
      {
        method,
        headers: {
          authorization: `Bearer ${await identity.bearer(`${management}/.default`)}`,
          'content-type': 'application/json',
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
    );
    if (answer.ok || (method === 'DELETE' && answer.status === 404)) return answer;
    throw new Error(
      `Azure Resource Manager answered ${answer.status} to ${method} ${path}: ${await answer.text()}`,
    );
  }
}
