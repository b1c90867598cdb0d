import type { Delivery, EventContext, Sender, Typed } from 'rhea';
import type { Consumer } from '../lane';
import type { Queue, Settlement } from '../queue';
import { deadLetterProperties } from '../queue';
import { toAmqp } from './amqp-error';
import { guidBytes, guidText } from './guid';
import { encodeDelivery, pairsOfMap, type DeliveryFacts } from './message-codec';
import { Dispositions, outcomes, OutgoingCredit, types } from './rhea-internals';

/** The condition with which clients reject a message to dead-letter it on purpose. */
const DEAD_LETTER = 'com.microsoft:dead-letter';
/** Receive and delete: no lock, but clients read the tag as a GUID. */
const NO_LOCK = Buffer.alloc(16);

/** A link on which a peer receives from a queue or its dead-letter queue. */
export class ConsumerLink implements Consumer {
  readonly receiveAndDelete: boolean;
  readonly waitsForDisk = true;
  private readonly credit: OutgoingCredit;
  private readonly dispositions: Dispositions;
  private reserved = 0;
  private draining = false;
  private attached = false;

  constructor(
    private readonly sender: Sender,
    private readonly queue: Queue,
    private readonly dead: boolean,
  ) {
    this.receiveAndDelete = sender.snd_settle_mode === 1;
    this.credit = new OutgoingCredit(sender);
    this.dispositions = new Dispositions(sender.session, false);
    // rhea writes transfers before attaches: nothing may be sent in the turn that answers the attach.
    process.nextTick(() => {
      this.attached = true;
      this.lane.feed(this);
      if (this.draining) this.drain();
    });
    sender.on('sender_flow', () => this.lane.feed(this));
    sender.on('sender_draining', () => this.drain());
    sender.on('sendable', () => this.lane.feed(this));
    for (const outcome of ['accepted', 'released', 'rejected', 'modified']) {
      sender.on(outcome, ({ delivery }: EventContext) => this.settle(delivery));
    }
    sender.on('settled', ({ delivery }: EventContext) => {
      if (delivery && !delivery.remote_state) this.settle(delivery);
    });
  }

  private get lane() {
    return this.queue.lane(this.dead);
  }

  isOpen(): boolean {
    return this.sender.is_open();
  }

  room(): number {
    return this.attached ? this.credit.room() - this.reserved : 0;
  }

  /** Peers ask for renewal. */
  worksOn(): boolean {
    return false;
  }

  reserve(): void {
    this.reserved++;
  }

  release(): void {
    this.reserved--;
    if (this.draining) this.drain();
  }

  deliver(message: DeliveryFacts, token: string | undefined): void {
    this.reserved--;
    if (!this.isOpen()) return;
    const tag = token === undefined ? NO_LOCK : guidBytes(token);
    this.credit.sent(this.sender.send(encodeDelivery(message), tag, 0));
    if (this.draining) this.drain();
  }

  /** Ends the link's part in the queue. Messages it holds stay locked until their locks run out. */
  leave(): void {
    this.lane.leave(this);
  }

  private drain(): void {
    // What is on its way to disk before it is handed out still uses credit.
    this.draining = this.reserved > 0 || !this.attached;
    if (!this.draining) this.credit.drained();
  }

  private settle(delivery: Delivery | undefined): void {
    if (!delivery || this.receiveAndDelete || !Buffer.isBuffer(delivery.tag)) return;
    const settlement = settlementOf(delivery.remote_state);
    if (!settlement) return;
    this.queue.settle(this.dead, guidText(delivery.tag), settlement).then(
      () => this.dispositions.settle(delivery, outcomes.accepted()),
      (cause: unknown) => this.dispositions.settle(delivery, outcomes.rejected({ error: toAmqp(cause) })),
    );
  }
}

/** @returns undefined for a state that ends nothing. */
function settlementOf(state: unknown): Settlement | undefined {
  // Settled without an outcome: as if released.
  if (!isComposite(state)) return { kind: 'abandon', uncounted: true, properties: new Map() };
  switch (state.constructor.composite_type) {
    case 'accepted':
      return { kind: 'complete' };
    case 'released':
      return { kind: 'abandon', uncounted: true, properties: new Map() };
    case 'modified': {
      const [, undeliverableHere, annotations] = state.value;
      const properties = propertiesOf(annotations);
      return undeliverableHere?.value === true
        ? { kind: 'defer', properties }
        : { kind: 'abandon', properties };
    }
    case 'rejected':
      return { kind: 'deadLetter', properties: deadLetterDetails(state.value[0]) };
    default:
      return undefined;
  }
}

function deadLetterDetails(error: Typed | undefined): Map<string, Typed> {
  const [condition, description, info] = Array.isArray(error?.value)
    ? (error.value as (Typed | undefined)[])
    : [];
  const named = textOf(condition) === DEAD_LETTER ? undefined : textOf(condition);
  return new Map([...deadLetterProperties(named, textOf(description)), ...propertiesOf(info)]);
}

function propertiesOf(map: Typed | undefined): Map<string, Typed> {
  if (!map?.type || !types.is_map(map)) return new Map();
  const named = pairsOfMap(map).map(([key, value]) => [String(key.value), value] as const);
  return new Map(named.filter(([, value]) => value.value !== null && value.value !== undefined));
}

function textOf(value: Typed | undefined): string | undefined {
  return typeof value?.value === 'string' ? value.value : undefined;
}

interface CompositeState {
  value: (Typed | undefined)[];
  constructor: { composite_type?: string };
}

function isComposite(state: unknown): state is CompositeState {
  return typeof state === 'object' && state !== null && 'value' in state && Array.isArray(state.value);
}
