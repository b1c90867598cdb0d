import { commandAccepted } from '../queues';
import { answer, type Answer } from './operation';

/** The answer of a command that is still under way after five seconds. */
export function stillUnderWay(self: string): Answer {
  return answer(
    { status: 202, what: 'It goes on; `self` shows it when it is done.', headers: { Location: '`self`' } },
    commandAccepted,
    { status: 'accepted', links: { self } },
  );
}
