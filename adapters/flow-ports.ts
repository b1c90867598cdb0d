import type { FlowDefinition } from '../contracts/flow-definition';

/* Flows, and what they were asked to start. Instants are ms since the epoch. */

export interface Claim {
  run: string;
  /** Hash of the body, so that a key reused for another request is noticed. */
  bodyHash: string;
  claimedMs: number;
  /** What `cloud-flow-run` is started with: a claim whose instance does not exist is started again from here. */
  start: unknown;
}

/** Row A1, L1: insert-if-absent, kept `claimDays`. */
export interface Claims {
  /** @returns the claim that stands: the given one, or the earlier one of the same flow and key. */
  claim(flow: string, key: string, claim: Claim): Promise<{ claim: Claim; first: boolean }>;
  /** The claim that stands, if there is one. */
  find(flow: string, key: string): Promise<Claim | undefined>;
  /**
   * Looks at a page of the flow's claims, in order of their keys after `after`, and removes those made before `beforeMs`.
   * @returns where the next page begins; undefined after the last.
   */
  prune(
    flow: string,
    page: { beforeMs: number; top: number; after?: string | undefined },
  ): Promise<string | undefined>;
  isEmpty(flow: string): Promise<boolean>;
}

/** Why a flow starts no runs. */
export interface FlowDisabled {
  reason: 'ByPerson' | 'ConsecutiveFailures';
  by: string;
  atMs: number;
}

export interface StoredFlow {
  name: string;
  hash: string;
  updatedMs: number;
  definition: FlowDefinition;
  /** Since when it has the trigger that it has (whole seconds). */
  triggerSinceMs: number;
  /** Absent: its triggers work. */
  disabled?: FlowDisabled | undefined;
}

/** A definition in place of the one with the hash `was`, or nothing in its place. */
export interface FlowChange {
  name: string;
  was: string | undefined;
  definition: FlowDefinition | undefined;
}

/** Called with what is about to become current, before it does. */
export type BeforeCurrent = (flow: StoredFlow) => Promise<void>;

export interface Flows {
  /**
   * Stores the definition as a snapshot under its content hash and makes it the current one; a flow that is disabled stays so.
   */
  put(definition: FlowDefinition, before?: BeforeCurrent): Promise<StoredFlow>;
  /**
   * Makes all changes or none (at most 100). Each flow is what `was` says when it is changed: the hash of its definition, or absent.
   * @returns false when one of them is not: nothing is changed then.
   */
  change(changes: readonly FlowChange[], before?: BeforeCurrent): Promise<boolean>;
  /**
   * Disables the flow, or enables it (`undefined`), or takes it away. @returns the number of this change of the flow, rising by one,
   * or undefined when there is no such flow or nothing to change.
   */
  setState(name: string, to: 'enabled' | 'deleted' | FlowDisabled): Promise<number | undefined>;
  /** Flows that are gone, but may still have claims and history. */
  deleted(): Promise<string[]>;
  /** Takes away what is left of a deleted flow. */
  forget(name: string): Promise<void>;
  get(name: string): Promise<StoredFlow | undefined>;
  list(): Promise<StoredFlow[]>;
  /** A snapshot, also one that is no longer current. Cached: content never changes. */
  snapshot(hash: string): Promise<FlowDefinition | undefined>;
}
