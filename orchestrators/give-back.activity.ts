import type { Ports } from '../adapters/ports';
import type { GrantRef } from '../domain/run-queue/messages';

/**
 * Asks whether a grant may be given back. It may not when an episode that the host has forgotten told the machine to go.
 * @returns `givenBack`, and `go` will never be sent. It is the word that `send-command` has for the same, because an answer to a forgotten episode
 * may arrive as the answer to what has its number now.
 */
export function giveBack({ grants }: Pick<Ports, 'grants'>) {
  return async ({ grant }: { grant: GrantRef }): Promise<'givenBack' | undefined> =>
    (await grants.decide(grant, 'back')) === 'back' ? 'givenBack' : undefined;
}
