import { AgentError } from '../errors';
import type { HeldSession } from '../../contracts/console';
import type { SessionPort } from '../session/session';

/** The sessions that the agent holds, as far as a user may see and end them: the own ones, and all of them for whoever the agent runs as. */
export class SessionKeeper {
  constructor(
    private readonly session: Pick<SessionPort, 'held' | 'endHeld'>,
    /** Name of the account that the agent runs as. */
    private readonly administrator: string,
  ) {}

  list(user: string): HeldSession[] {
    const held = this.session.held?.() ?? [];
    return user === this.administrator ? held : held.filter((session) => session.user === user);
  }

  /**
   * Ends one of them; a run in it fails.
   * @param id its id or its display.
   * @throws AgentError SessionNotFound, RunNotEnded when a run is in it and `force` is not given.
   */
  async end(user: string, id: string, { force }: { force: boolean }): Promise<void> {
    const found = this.list(user).find((session) => session.id === id || session.display === id);
    if (!found) throw new AgentError('SessionNotFound', `The agent holds no session "${id}".`, OF_LIST);
    if (found.state === 'used' && !force) {
      throw new AgentError('RunNotEnded', `The run ${found.run ?? ''} is in this session.`);
    }
    const gone = await this.session.endHeld?.(found.id, `${user} has ended the session at the machine.`);
    if (!gone) throw new AgentError('Unavailable', `Programs of ${found.user} do not end.`);
  }
}

const OF_LIST = { remedy: 'attendant-agent sessions list shows those there are.' };
