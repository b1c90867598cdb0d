import { commandMessageId, machineCommand, type MachineCommand } from '../../contracts/agent-protocol';
import type { Commands, MachineQueues } from '../ports';
import type { CommandSender, CommandSenders } from './in-process';

/** Links kept open at once; the one used longest ago is closed for a new one. */
const OPEN_SENDERS = 1_000;

/** The client looks at every link of a connection at each frame, so the links are spread. */
const CONNECTIONS = 16;

/** Sends commands to machines' queues over a few AMQP connections, with one link per machine. */
export class ServiceBusCommands implements Commands {
  private readonly clients = new Map<number, Promise<CommandSenders>>();
  private readonly senders = new Map<string, CommandSender>();

  constructor(
    private readonly options: {
      open: () => Promise<CommandSenders>;
      queues: Pick<MachineQueues, 'queueName'>;
    },
  ) {}

  async send(command: MachineCommand, options: { ttlMs?: number; attempt?: number } = {}): Promise<void> {
    const sender = await this.sender(await this.options.queues.queueName(command.machine));
    await sender.sendMessages({
      messageId: commandMessageId(command, options.attempt),
      subject: command.kind,
      contentType: 'application/json',
      body: machineCommand.parse(command),
      ...(options.ttlMs === undefined ? {} : { timeToLive: Math.max(1, Math.floor(options.ttlMs)) }),
    });
  }

  private async sender(queue: string): Promise<CommandSender> {
    const client = await this.client(queue);
    const sender = this.senders.get(queue) ?? client.createSender(queue);
    this.senders.delete(queue);
    this.senders.set(queue, sender);
    const [oldest] = this.senders.size > OPEN_SENDERS ? this.senders : [];
    if (oldest) {
      this.senders.delete(oldest[0]);
      await oldest[1].close();
    }
    return sender;
  }

  private client(queue: string): Promise<CommandSenders> {
    const number = queue.charCodeAt(queue.length - 1) % CONNECTIONS;
    const client = this.clients.get(number) ?? this.options.open();
    this.clients.set(number, client);
    return client;
  }
}
