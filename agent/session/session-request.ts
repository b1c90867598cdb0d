import type { AgentEventBody, TestConnectionCommand } from '../../contracts/agent-protocol';
import { errorCatalogue, errorInfo, type ErrorCode } from '../../contracts/errors';
import { AgentError, messageOf } from '../errors';
import { openCredential } from '../identity/sealed-credential';
import type { GoCommand } from '../protocol/decide';
import type { SessionPort, SessionRequest } from './session';

/**
 * What a `go` asks of the session port (row B3).
 * @param sealingKey private key that credentials are opened with; they stay sealed until the port asks.
 */
export function sessionRequest(command: GoCommand, sealingKey: string): SessionRequest {
  const { mode, userKey, user, sealedCredential, sessionPlan: plan, run, machine, fence } = command;
  return {
    run,
    mode,
    userKey,
    user,
    plan,
    ...(sealedCredential === undefined
      ? {}
      : { credential: () => openCredential(sealedCredential, sealingKey, { run, machine, fence }) }),
  };
}

/** Answers `testConnection` (row B9); whatever goes wrong is part of the answer. */
export async function checkAccount(
  session: SessionPort,
  command: TestConnectionCommand,
  sealingKey: string,
): Promise<AgentEventBody<'connectionTested'>> {
  const { user, sealedCredential, test, machine, epoch } = command;
  const credential =
    sealedCredential === undefined
      ? undefined
      : () => openCredential(sealedCredential, sealingKey, { test, machine, epoch });
  try {
    return { test, ...(await session.check({ user, credential })) };
  } catch (error) {
    const code = error instanceof AgentError && error.code in errorCatalogue ? error.code : 'Internal';
    const why = errorInfo(code as ErrorCode, { details: messageOf(error) });
    return { test, user: 'notChecked', password: 'notChecked', error: why };
  }
}
