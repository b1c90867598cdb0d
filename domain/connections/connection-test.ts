import type { AccountCheck } from '../../contracts/agent-protocol';
import { errorInfo, type ErrorInfo } from '../../contracts/errors';

/** A machine that the connection leads to. */
export interface ConnectionMember {
  machine: string;
  name: string;
  /** Its registration; 0: there is no such machine (any more). */
  epoch: number;
  online: boolean;
}

export interface MemberResult extends AccountCheck {
  machine: string;
  name: string;
  reachable: boolean;
}

/** Output of the orchestration `test-connection`. */
export type ConnectionTestResult = { connection: string; startedMs: number } & (
  { ok: true; members: MemberResult[] } | { ok: false; error: ErrorInfo }
);

/** To the inbox of `test-connection`: a machine has answered. */
export interface ConnectionTestMessage {
  kind: 'connectionTested';
  machine: string;
  check: AccountCheck;
}

/** Row B9: one line of the report. @param check the machine's answer, if it gave one in time. */
export function memberResult(member: ConnectionMember, check: AccountCheck | undefined): MemberResult {
  const { machine, name } = member;
  if (check) return { machine, name, reachable: true, ...check };
  const error =
    member.epoch === 0
      ? errorInfo('EndpointDoNotExist', { details: machine })
      : errorInfo(member.online ? 'ConnectionTimeout' : 'NoListenerConnected');
  return { machine, name, reachable: false, user: 'notChecked', password: 'notChecked', error };
}
