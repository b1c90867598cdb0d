import type { ConnectionTestView } from '../../contracts/connection-test';
import type { ConnectionTestResult } from '../../domain/connections/connection-test';
import { withRemedy } from '../runs/run-status';

export function connectionTestPath(connection: string, test: string): string {
  return `/api/connections/${connection}/tests/${test}`;
}

/** @param result output of the orchestration; absent while it runs. */
export function connectionTestView(
  connection: string,
  test: string,
  result: ConnectionTestResult | undefined,
): ConnectionTestView {
  const base = { test, connection, links: { self: connectionTestPath(connection, test) } };
  if (!result) return { ...base, status: 'running', members: [] };
  const done = { ...base, status: 'done', startedAt: new Date(result.startedMs).toISOString() } as const;
  if (!result.ok) return { ...done, ok: false, members: [], error: withRemedy(result.error) };
  const members = result.members.map(({ error, ...member }) => ({
    ...member,
    ok: error === undefined,
    ...(error ? { error: withRemedy(error) } : {}),
  }));
  return { ...done, ok: members.every(({ ok }) => ok), members };
}
