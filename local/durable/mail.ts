import type { Store } from '../store/store';
import type { RequestMessage } from './entity-message';
import type { HistoryEvent } from './history';

/** What travels to an instance. `executionId` restricts an event to one execution. */
export type MessageBody =
  | { kind: 'event'; executionId?: string; event: HistoryEvent }
  | { kind: 'request'; request: RequestMessage }
  | { kind: 'release'; parent: string; id: string };

export interface Message {
  seq: number;
  body: MessageBody;
}

/**
 * Messages that no work item has consumed yet, in memory for work and in a table for the next start. The table is
 * written inside a transaction; `add` and `remove` of the boxes belong after it.
 */
export class Mail {
  private boxes = new Map<number, Message[]>();
  private nextSeq = 1;

  constructor(private readonly store: Store) {}

  /** Reads what the store holds. @returns the instances that have mail, in the order of their first message. */
  load(): number[] {
    this.boxes = new Map();
    const rows = this.store.prepare('SELECT seq, instance, body FROM d_message ORDER BY seq').all();
    for (const row of rows) {
      const message: Message = {
        seq: Number(row['seq']),
        body: JSON.parse(String(row['body'])) as MessageBody,
      };
      this.add(Number(row['instance']), message);
      this.nextSeq = Math.max(this.nextSeq, message.seq + 1);
    }
    return [...this.boxes.keys()];
  }

  /** Writes a message; `add` it once the transaction has succeeded. */
  insert(instance: number, body: MessageBody): Message {
    const message = { seq: this.nextSeq++, body };
    this.store
      .prepare('INSERT INTO d_message VALUES (?1, ?2, ?3)')
      .run(message.seq, instance, JSON.stringify(body));
    return message;
  }

  delete(messages: readonly Message[]): void {
    const statement = this.store.prepare('DELETE FROM d_message WHERE seq = ?');
    for (const message of messages) statement.run(message.seq);
  }

  add(instance: number, message: Message): void {
    const box = this.boxes.get(instance);
    if (box) box.push(message);
    else this.boxes.set(instance, [message]);
  }

  /** What waits for the instance, oldest first; not a copy. */
  peek(instance: number): readonly Message[] {
    return this.boxes.get(instance) ?? [];
  }

  /** Forgets messages whose deletion has been committed. */
  remove(instance: number, messages: readonly Message[]): void {
    const box = this.boxes.get(instance);
    if (!box) return;
    const gone = new Set(messages);
    const left = box.filter((message) => !gone.has(message));
    if (left.length === 0) this.boxes.delete(instance);
    else this.boxes.set(instance, left);
  }
}
