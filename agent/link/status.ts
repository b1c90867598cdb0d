import type { ErrorCode } from '../../contracts/errors';
import { AgentError, hasCode, messageOf, type LocalErrorCode } from '../errors';

/** Where the agent stands with the control plane. */
export type AgentStateName =
  | 'starting'
  | 'connected'
  /** The host or the broker does not answer; it is tried again for ever. */
  | 'unreachable'
  /** The broker does not take the lease (expired, wrong queue); a new one is fetched. */
  | 'leaseRejected'
  /** The control plane does not take the machine's signature. */
  | 'unauthorized'
  | 'revoked'
  /** Another agent with this identity is connected. */
  | 'alreadyRunning'
  | 'stopped';

export interface AgentStatus {
  state: AgentStateName;
  /** ISO instant of the last change. */
  since: string;
  code?: ErrorCode | LocalErrorCode;
  message?: string;
  remedy?: string;
  /** Set while the journal cannot be written: no run is accepted. */
  trouble?: string;
}

/** States that only a person can end: they are tried again, but slowly. */
export function isLasting(state: AgentStateName): boolean {
  return state === 'revoked' || state === 'alreadyRunning' || state === 'unauthorized';
}

/** Names what went wrong between agent and control plane. */
export function classify(error: unknown): Omit<AgentStatus, 'since'> {
  const message = messageOf(error);
  if (error instanceof AgentError) {
    const { code, remedy } = error;
    return { state: stateOf(code), code, message, remedy };
  }
  // Names of the SDK's errors: https://learn.microsoft.com/javascript/api/@azure/service-bus/servicebuserror
  if (
    hasCode(error, 'UnauthorizedAccess') ||
    /unauthori[sz]ed|token.*expired|expired.*token|InvalidSignature/i.test(message)
  ) {
    return {
      state: 'leaseRejected',
      message: `The broker refuses the access that was lent to this machine: ${message}`,
      remedy: 'A new lease is fetched. If this goes on, compare the clocks of machine and broker.',
    };
  }
  return {
    state: 'unreachable',
    code: 'HostUnreachable',
    message: `The broker cannot be reached: ${message}`,
    remedy: 'Check the network and that outbound AMQP is allowed.',
  };
}

function stateOf(code: ErrorCode | LocalErrorCode): AgentStateName {
  switch (code) {
    case 'MachineRevoked':
    case 'Forbidden':
    case 'MachineNotFound':
      return 'revoked';
    case 'AgentAlreadyRunning':
      return 'alreadyRunning';
    case 'Unauthorized':
      return 'unauthorized';
    default:
      return 'unreachable';
  }
}
