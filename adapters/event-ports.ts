import type { EventType } from '../contracts/outgoing-events';
import type { OutgoingEvent } from '../domain/outgoing-events/events';

/** Who is told of events (row L3). */
export interface Subscription {
  name: string;
  /** Its deliveries are kept under it: a later subscription of the same name has another. */
  id: string;
  url: string;
  types?: EventType[] | undefined;
  flows?: string[] | undefined;
  enabled: boolean;
  /** Where its secrets are kept. */
  secretRef: string;
  previousSecretUntilMs?: number | undefined;
  createdMs: number;
  health: SubscriptionHealth;
  /** Events after this place in the log are put up again. */
  replayAfter?: string | undefined;
}

export interface SubscriptionHealth {
  lastSuccessMs?: number | undefined;
  lastFailureMs?: number | undefined;
  lastError?: string | undefined;
  /** Failed attempts since the last success. */
  failures: number;
}

export interface Subscriptions {
  put(subscription: Omit<Subscription, 'health' | 'replayAfter'>): Promise<void>;
  get(name: string): Promise<Subscription | undefined>;
  list(): Promise<Subscription[]>;
  /** By the id of the subscription. */
  noteHealth(id: string, health: SubscriptionHealth): Promise<void>;
  /** By the id. @param after undefined: there is nothing to put up again. */
  noteReplay(id: string, after: string | undefined): Promise<void>;
  /** Forgets the subscription; its deliveries are removed by `purgeRemoved`. */
  remove(subscription: Subscription): Promise<void>;
  /** Removes at most `most` deliveries of subscriptions that are gone. @returns how many. */
  purgeRemoved(most: number): Promise<number>;
}

export interface OutgoingEvents {
  /** Notes the event for the next fan-out; nothing is kept while nobody subscribes. The same event may come more than once. */
  append(event: OutgoingEvent): Promise<void>;
  /** Noted events that have not been put up for delivery. */
  pending(top: number): Promise<OutgoingEvent[]>;
  /** Puts the event into the log. @returns what stands there: of two of the same id, the first. */
  keep(event: OutgoingEvent): Promise<OutgoingEvent>;
  /** The event needs no fan-out any more. */
  settle(id: string): Promise<void>;
  get(id: string): Promise<OutgoingEvent | undefined>;
  /** Kept events behind a place (an id or its beginning), oldest first. */
  after(place: string, top: number): Promise<OutgoingEvent[]>;
  /** Removes at most `most` events that are older. @returns how many. */
  purge(beforeMs: number, most: number): Promise<number>;
}

export interface Delivery {
  event: string;
  type: EventType;
  /** Failed ones. */
  attempts: number;
  lastError?: string | undefined;
}

export interface WaitingDelivery extends Delivery {
  dueMs: number;
}

/** By the id of the subscription. */
export interface Deliveries {
  /** Waiting ones, the next due first. `continuation`: that of the page before. */
  waiting(subscription: string, page: DeliveryPage): Promise<Paged<WaitingDelivery>>;
  dead(subscription: string, page: DeliveryPage): Promise<Paged<Delivery>>;
  findDead(subscription: string, event: string): Promise<Delivery | undefined>;
  /** Puts up an event; once more at the same instant changes nothing. */
  enqueue(subscription: string, delivery: WaitingDelivery): Promise<void>;
  done(subscription: string, delivery: WaitingDelivery): Promise<void>;
  bury(subscription: string, delivery: WaitingDelivery): Promise<void>;
  /** The dead one is waiting again. */
  revive(subscription: string, delivery: WaitingDelivery): Promise<void>;
}

export interface DeliveryPage {
  top: number;
  continuation?: string | undefined;
}

export interface Paged<T> {
  items: T[];
  continuation?: string | undefined;
}
