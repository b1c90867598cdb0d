import { OrchestrationRuntimeStatus, type DurableOrchestrationStatus } from 'durable-functions';
import { connectionTestId } from '../../contracts/agent-protocol';
import { errorInfo } from '../../contracts/errors';
import type { ConnectionTestResult } from '../../domain/connections/connection-test';
import type { TestConnectionInput } from '../../orchestrators/test-connection';
import { durableHttp, json, type DurableHandler } from '../http';
import { instanceStatus } from '../instances';
import { RequestError } from '../problem';
import { connectionTestView } from './connection-test-view';

const open: ReadonlySet<OrchestrationRuntimeStatus> = new Set([
  OrchestrationRuntimeStatus.Pending,
  OrchestrationRuntimeStatus.Running,
  OrchestrationRuntimeStatus.Suspended,
]);

/** GET connections/{name}/tests/{test} (row B9) */
export function getConnectionTest(): DurableHandler {
  return durableHttp(async (request, client) => {
    const { name = '', test = '' } = request.params;
    const known = connectionTestId.safeParse(test).success;
    const status = known ? await instanceStatus(client, test) : undefined;
    const input = status?.input as TestConnectionInput | undefined;
    if (!status || input?.connection !== name) {
      throw new RequestError('ConnectionTestNotFound', {
        detail: `The connection "${name}" has no test "${test}".`,
      });
    }
    return json(connectionTestView(name, test, resultOf(status)));
  });
}

/** @returns undefined while it goes on. */
function resultOf(status: DurableOrchestrationStatus): ConnectionTestResult | undefined {
  const { runtimeStatus, createdTime, input, output } = status;
  if (open.has(runtimeStatus)) return undefined;
  if (runtimeStatus === OrchestrationRuntimeStatus.Completed) return output as ConnectionTestResult;
  const { connection } = input as TestConnectionInput;
  return { connection, startedMs: createdTime.getTime(), ok: false, error: errorInfo('Internal') };
}
