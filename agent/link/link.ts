import type { LeaseResponse } from '../../contracts/agent-api';
import type { AgentEventEnvelope } from '../../contracts/agent-protocol';

/** What becomes of a received command. */
export type Settlement = 'complete' | { deadLetter: string };

export interface LinkHandlers {
  /** Called in the order of arrival; the next call does not wait for this one's promise. A rejection gives the command back. */
  command(body: unknown): Promise<Settlement>;
  /** The connection is of no more use. Called at most once. */
  failed(error: unknown): void;
}

/** One connection to the two queues that a lease opens. */
export interface Link {
  /** @returns when the broker has accepted all of them. */
  send(events: AgentEventEnvelope[]): Promise<void>;
  close(): Promise<void>;
}

/** @returns a link that receives. @throws whatever made it fail. */
export type OpenLink = (lease: LeaseResponse, handlers: LinkHandlers) => Promise<Link>;
