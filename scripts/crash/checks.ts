import { TableClient } from '@azure/data-tables';
import { ServiceBusClient } from '@azure/service-bus';
import { setTimeout as pause } from 'node:timers/promises';
import { count, type Fate, type Instance, type Ledger } from './ledger';
import type { Load } from './load';
import type { Addresses } from './victim';

const LOOPS = 8;
const DRAINED_WITHIN_MS = 60_000;
const PARALLEL = 16;

interface Status {
  runtimeStatus: string;
  output: { seen?: string[]; posted?: string[]; alone?: boolean; child?: string; loop?: number } | null;
}

/** Holds the host against the ledger. Every finding goes to `ledger.violations`. */
export class Checks {
  constructor(
    private readonly ledger: Ledger,
    private readonly addresses: Addresses,
  ) {}

  /** After a restart: whatever was accepted is there, and what has ended did the right things. */
  async afterRestart(round: number): Promise<void> {
    await each(this.ledger.unfinished(), (instance) => this.instance(instance));
    await this.rows([...this.ledger.rows.keys()].filter((row) => row.startsWith(`r${round}x`)));
  }

  /** Ends all instances and waits for them; then the sums, the locks, the queues and every row. */
  async atTheEnd(load: Load): Promise<void> {
    const { ledger } = this;
    load.listen();
    await this.afterRestart(-1);
    await each(ledger.unfinished(), async (instance) => {
      if (instance.name === 'work') await load.end(instance);
    });
    await this.drained('instances to end', async () => {
      await each(ledger.unfinished(), (instance) => this.instance(instance));
      return ledger.unfinished().map(({ id }) => id);
    });
    await this.drained('messages of the app', () => {
      const ended = [...ledger.instances.values()].filter(({ name, fate }) => name === 'work' && fate);
      return ended.map(({ id }) => id).filter((id) => !ledger.heard.has(id));
    });
    await this.sums();
    await this.locks();
    await this.queues();
    await this.rows([...ledger.rows.keys()]);
    await each([...ledger.instances.values()], (instance) => this.instance(instance, true));
  }

  private async instance(instance: Instance, again = false): Promise<void> {
    const { ledger } = this;
    const { id, name } = instance;
    const response = await fetch(
      new URL(`/runtime/webhooks/durabletask/instances/${id}`, this.addresses.url),
    );
    if (response.status === 404) {
      await response.text();
      if (instance.fate === 'accepted') ledger.violated(`instance ${id} was accepted and is not there`);
      ledger.instances.delete(id);
      return;
    }
    const { runtimeStatus, output } = (await response.json()) as Status;
    instance.fate = 'accepted';
    if (runtimeStatus !== 'Completed') {
      if (again) ledger.violated(`instance ${id} had ended and is ${runtimeStatus}`);
      else if (!['Running', 'Pending'].includes(runtimeStatus)) {
        ledger.violated(`instance ${id} is ${runtimeStatus}: ${JSON.stringify(output).slice(0, 500)}`);
        instance.ended = true;
      }
      return;
    }
    if (again) return;
    instance.ended = true;
    if (name === 'loop') {
      if (output?.loop !== LOOPS) ledger.violated(`loop ${id} ended with ${JSON.stringify(output)}`);
      return;
    }
    const { seen = [], posted = [], alone, child } = output ?? {};
    ledger.seen += seen.length;
    this.once(id, 'event', seen, instance.events);
    this.once(id, 'message', posted, instance.posted);
    if (alone !== true) ledger.violated(`${id} was not alone under its locks`);
    if (child !== `${id}-child`) ledger.violated(`the child of ${id} returned ${String(child)}`);
  }

  private once(id: string, what: string, seen: string[], asked: Map<string, Fate>): void {
    const { ledger } = this;
    if (new Set(seen).size !== seen.length) ledger.violated(`${id} saw an ${what} twice: ${seen.join(' ')}`);
    for (const uid of seen)
      if (!asked.has(uid)) ledger.violated(`${id} saw ${what} ${uid}, which nobody sent`);
    for (const [uid, fate] of asked) {
      if (fate === 'accepted' && !seen.includes(uid)) ledger.violated(`${id} never saw ${what} ${uid}`);
    }
  }

  private async rows(keys: string[]): Promise<void> {
    const table = TableClient.fromConnectionString(this.addresses.tables, 'asked', {
      allowInsecureConnection: true,
    });
    await each(keys, async (key) => {
      const partition = /^r(\d+)x/.exec(key)?.[1] ?? '';
      const row = await table.getEntity<{ text: string }>(partition, key).catch(() => undefined);
      const fate = this.ledger.rows.get(key);
      if (fate === 'accepted' && row?.text !== key)
        this.ledger.violated(`row ${key} was accepted and is not there`);
    });
  }

  /** Counters of entities against the events that instances saw. */
  private async sums(): Promise<void> {
    const { ledger } = this;
    const value = async (key: string): Promise<number> => {
      const url = new URL(`/runtime/webhooks/durabletask/entities/counter/${key}`, this.addresses.url);
      const response = await fetch(url);
      return response.ok ? Number(await response.json()) : 0;
    };
    let called = 0;
    for (const key of ['c0', 'c1', 'c2', 'c3']) called += await value(key);
    if (called !== ledger.seen) ledger.violated(`counters add up to ${called}, instances saw ${ledger.seen}`);
    await this.drained('signals', async () => {
      const signalled = await value('signalled');
      return signalled === ledger.seen ? [] : [`${signalled} signals counted, ${ledger.seen} sent`];
    });
    const { accepted, all } = count(ledger.signals);
    const asked = await value('asked');
    if (asked < accepted || asked > all)
      ledger.violated(`${asked} signals counted, ${accepted} of ${all} were accepted`);
  }

  private async locks(): Promise<void> {
    const base = '/runtime/webhooks/durabletask';
    const id = `probe${Date.now()}`;
    await fetch(new URL(`${base}/orchestrators/probe/${id}`, this.addresses.url), { method: 'POST' });
    await this.drained('locks to be free', async () => {
      const response = await fetch(new URL(`${base}/instances/${id}`, this.addresses.url));
      const status = (await response.json()) as { runtimeStatus: string; output: { sums: number[] } | null };
      if (status.runtimeStatus !== 'Completed') return [`probe is ${status.runtimeStatus}`];
      const sum = (status.output?.sums ?? []).reduce((a, b) => a + b, 0);
      const sections = [...this.ledger.instances.values()].filter(({ name }) => name === 'work').length;
      if (sum !== 2 * sections)
        this.ledger.violated(`ledgers add up to ${sum} after ${sections} sections of two each`);
      return [];
    });
  }

  /** Nothing may be left, or have been set aside. */
  private async queues(): Promise<void> {
    const bus = new ServiceBusClient(this.addresses.bus);
    try {
      for (const queue of ['inbox', 'outbox']) {
        for (const subQueueType of [undefined, 'deadLetter'] as const) {
          await this.drained(`${subQueueType ?? 'messages'} of ${queue}`, async () => {
            // A receiver goes on peeking where it was; a new one begins at the front.
            const receiver = bus.createReceiver(queue, subQueueType ? { subQueueType } : {});
            const messages = await receiver.peekMessages(10);
            await receiver.close();
            return messages.map(({ messageId }) => String(messageId));
          });
        }
      }
    } finally {
      await bus.close();
    }
  }

  /** Waits until `left` names nothing. */
  private async drained(what: string, left: () => Promise<string[]> | string[]): Promise<void> {
    const deadline = Date.now() + DRAINED_WITHIN_MS;
    for (;;) {
      const rest = await left();
      if (rest.length === 0) return;
      if (Date.now() > deadline) {
        return this.ledger.violated(
          `waited ${DRAINED_WITHIN_MS} ms for ${what}: ${rest.slice(0, 20).join(', ')}`,
        );
      }
      await pause(50);
    }
  }
}

async function each<T>(items: T[], act: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const work = async (): Promise<void> => {
    for (let item = rest.pop(); item !== undefined; item = rest.pop()) await act(item);
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
}
