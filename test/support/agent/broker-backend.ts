import { ServiceBusClient, type ServiceBusSender } from '@azure/service-bus';
import {
  AGENT_EVENTS_QUEUE,
  agentEventEnvelope,
  commandMessageId,
  signedText,
  type AgentCommand,
  type AgentEventEnvelope,
} from '../../../contracts/agent-protocol';
import { signSas, startBroker, type Broker } from '../../../local/broker/broker';
import { openStore, type Store } from '../../../local/store/store';
import { sha256, verified, type FakeControlPlane } from './fake-control-plane';

const ROOT_KEY = { name: 'RootManageSharedAccessKey', key: 'root-key' };
const LISTEN = { name: 'listen', key: 'listen-key', rights: ['Listen' as const] };
const SEND = { name: 'send', key: 'send-key', rights: ['Send' as const] };

/** The local broker with a machine's two queues, and the control plane's side of them. */
export class BrokerBackend {
  readonly events: AgentEventEnvelope[] = [];
  broker: Broker | undefined;
  private client: ServiceBusClient | undefined;
  private sender: ServiceBusSender | undefined;
  private readonly watchers = new Set<() => void>();
  private attempt = 0;

  constructor(
    private readonly controlPlane: FakeControlPlane,
    readonly store: Store = openStore(':memory:'),
  ) {}

  async start(): Promise<void> {
    const broker = await startBroker({ store: this.store, rootKey: ROOT_KEY });
    this.broker = broker;
    const { machine } = this.controlPlane;
    await broker.createQueue(machine, { rules: [LISTEN], duplicateDetectionWindowMs: 600_000 });
    await broker.createQueue(AGENT_EVENTS_QUEUE, { rules: [SEND], duplicateDetectionWindowMs: 600_000 });
    const access = (queue: string, rule: { name: string; key: string }) => {
      const endpoint = `sb://127.0.0.1:${broker.port}`;
      const sas = signSas(`${endpoint}/${queue}`, rule, Date.now() + 3_600_000);
      return {
        connectionString: `Endpoint=${endpoint};SharedAccessSignature=${sas};UseDevelopmentEmulator=true`,
        queue,
      };
    };
    this.controlPlane.access = () => ({
      commands: access(machine, LISTEN),
      events: access(AGENT_EVENTS_QUEUE, SEND),
    });
    this.client = new ServiceBusClient(broker.connectionString());
    this.sender = this.client.createSender(machine);
    this.client.createReceiver(AGENT_EVENTS_QUEUE, { receiveMode: 'receiveAndDelete' }).subscribe({
      processMessage: async ({ body }) => this.receive(agentEventEnvelope.parse(body)),
      processError: async () => undefined,
    });
  }

  /** The host goes away; `start` brings it back on another port with everything that was accepted. */
  async stop(): Promise<void> {
    await this.client?.close();
    await this.broker?.stop();
    this.broker = undefined;
  }

  async end(): Promise<void> {
    await this.stop();
    await this.store.close();
  }

  async command(command: AgentCommand): Promise<void> {
    await this.sender?.sendMessages({ body: command, messageId: commandMessageId(command, this.attempt++) });
  }

  kinds(run: string): string[] {
    return this.events.filter((event) => event.run === run).map((event) => event.kind);
  }

  async event(run: string, kind: string, timeoutMs = 20_000): Promise<Record<string, unknown>> {
    const find = (): AgentEventEnvelope | undefined =>
      this.events.find((event) => event.run === run && event.kind === kind);
    await this.until(() => find() !== undefined, timeoutMs);
    return JSON.parse(find()?.body ?? '') as Record<string, unknown>;
  }

  async until(condition: () => boolean, timeoutMs = 20_000): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (!condition()) return;
        clearTimeout(timer);
        this.watchers.delete(look);
        resolve();
      };
      const timer = setTimeout(() => {
        this.watchers.delete(look);
        reject(
          new Error(
            `not within ${timeoutMs} ms; events: ${this.events.map((event) => event.kind).join(' ')}`,
          ),
        );
      }, timeoutMs);
      this.watchers.add(look);
    });
  }

  private receive(event: AgentEventEnvelope): void {
    const key = this.controlPlane.registered?.publicKey ?? '';
    const { signature, ...signed } = event;
    if (!verified(signedText(signed, sha256(event.body)), key, signature)) throw new Error('bad signature');
    this.events.push(event);
    for (const watcher of this.watchers) watcher();
  }
}
