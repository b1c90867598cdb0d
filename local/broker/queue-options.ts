import type { AccessRule } from './sas';

/** How a queue behaves; times in milliseconds. The defaults are those of Service Bus. */
export interface QueueOptions {
  /** How long a receiver may hold a message without settling or renewing it. Default 30 s. */
  lockDurationMs?: number;
  /** After so many deliveries without settlement a message goes to the dead-letter queue. Default 10. */
  maxDeliveryCount?: number;
  /** Time to live of messages that name none or a longer one. Default: they stay. */
  defaultTtlMs?: number;
  /** When given, a message id seen within this time is accepted and dropped. */
  duplicateDetectionWindowMs?: number;
  /** Expired messages go to the dead-letter queue instead of away. Default false. */
  deadLetterOnExpiration?: boolean;
  /** Keys that are good for this queue alone. */
  rules?: AccessRule[];
}

/** Messages of one queue by where they are. */
export interface QueueCounts {
  /** Ready for the next receiver. */
  active: number;
  /** With a receiver. */
  locked: number;
  /** Set aside until asked for by sequence number. */
  deferred: number;
  scheduled: number;
  deadLetter: number;
}

export const DEFAULT_LOCK_MS = 30_000;
export const DEFAULT_MAX_DELIVERIES = 10;
