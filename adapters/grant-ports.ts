import type { GrantRef } from '../domain/run-queue/messages';

/** What becomes of a grant: the machine is told to go, or it is given back. */
export type GrantWord = 'go' | 'back';

/**
 * The one word about each grant, written before it is acted upon. A host that is killed may forget an episode whose messages are already on
 * their way, and the episode that takes its place may decide otherwise (docs/adr/0010-the-word-about-a-grant.md).
 */
export interface Grants {
  /** @returns the word that was written first, for ever. */
  decide(grant: GrantRef, wish: GrantWord): Promise<GrantWord>;
  /** Forgets the words about all desktop-flow runs of a cloud-flow run. */
  forget(cloudRun: string): Promise<void>;
}
