import type { OrchestrationContext, Task } from 'durable-functions';
import type { AccountCheck } from '../contracts/agent-protocol';
import type {
  ConnectionMember,
  ConnectionTestMessage,
  ConnectionTestResult,
} from '../domain/connections/connection-test';
import { memberResult } from '../domain/connections/connection-test';
import { callActivity, tryActivity } from './call-activity';
import type { Orchestration } from './call-activity';
import type { ConnectionMembers } from './connection-members.activity';
import { Inbox } from './inbox';

/** Input of `test-connection`; its instance id is the id of the test. */
export interface TestConnectionInput {
  connection: string;
}

/** How long machines have to answer. */
const PATIENCE_MS = 30_000;

/** Row B9: asks the agent of every machine that the connection leads to whether runs could use its account there. */
export function* testConnection({
  df,
}: OrchestrationContext): Generator<Task, ConnectionTestResult, unknown> {
  const { connection } = df.getInput<TestConnectionInput>();
  const inbox = new Inbox<ConnectionTestMessage>(df);
  const startedMs = inbox.nowMs;
  try {
    const found = yield* callActivity({ df, inbox }, 'connection-members', { connection });
    if (!found.ok) return { connection, startedMs, ok: false, error: found.error };
    const answers = yield* ask({ df, inbox }, inbox, found);
    const members = found.members.map((member) => memberResult(member, answers.get(member.machine)));
    return { connection, startedMs, ok: true, members };
  } finally {
    inbox.close();
  }
}

type Found = Extract<ConnectionMembers, { ok: true }>;

/** @returns what came in time, by machine. */
function* ask(
  caller: Orchestration,
  inbox: Inbox<ConnectionTestMessage>,
  found: Found,
): Generator<Task, Map<string, AccountCheck>, unknown> {
  const answers = new Map<string, AccountCheck>();
  const asked = new Set<string>();
  for (const member of found.members) {
    if (!member.online) continue;
    const problem = yield* askOne(caller, member, found);
    if (problem) answers.set(member.machine, problem);
    else asked.add(member.machine);
  }
  const untilMs = inbox.nowMs + PATIENCE_MS;
  while (asked.size > 0) {
    const message = yield* inbox.next(untilMs);
    if (!message) break;
    if (asked.delete(message.machine)) answers.set(message.machine, message.check);
  }
  return answers;
}

/** A question that cannot be sent is one that is not answered. @returns why the credential cannot be sent. */
function* askOne(
  caller: Orchestration,
  { machine, epoch }: ConnectionMember,
  { user, credential }: Found,
): Generator<Task, AccountCheck | undefined, unknown> {
  const error = yield* tryActivity(caller, 'send-command', {
    command: { v: 1, kind: 'testConnection', test: caller.df.instanceId, machine, epoch, user },
    credential,
    untilMs: caller.inbox.nowMs + PATIENCE_MS,
  });
  // Only a `go` can be given back.
  if (!error || error === 'givenBack') return undefined;
  return { user: 'notChecked', password: 'notChecked', error };
}
