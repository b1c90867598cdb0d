import { ulid } from 'ulid';
import type { Ports } from '../../adapters/ports';
import type { ConnectionTestResult } from '../../domain/connections/connection-test';
import { orchestrations } from '../../orchestrators/names';
import type { TestConnectionInput } from '../../orchestrators/test-connection';
import { durableHttp, json, type DurableHandler } from '../http';
import { RequestError } from '../problem';
import { outputOf } from '../queues/send-queue-command';
import { connectionTestPath, connectionTestView } from './connection-test-view';

/** The machines have half a minute to answer. */
const PATIENCE_MS = 35_000;

/** POST connections/{name}/test (row B9): 200 with what each machine said, or 202 when that takes longer. */
export function startConnectionTest(
  ports: Pick<Ports, 'connections' | 'now'>,
  options: { patienceMs?: number } = {},
): DurableHandler {
  return durableHttp(async (request, client) => {
    const name = request.params['name'] ?? '';
    if (!(await ports.connections.get(name))) {
      throw new RequestError('ConnectionNotFound', { detail: `There is no connection "${name}".` });
    }
    const test = `ct-${ulid(ports.now()).toLowerCase()}`;
    const input: TestConnectionInput = { connection: name };
    await client.startNew(orchestrations.testConnection, { instanceId: test, input });
    const output = await outputOf(client, test, options.patienceMs ?? PATIENCE_MS);
    const view = connectionTestView(name, test, output as ConnectionTestResult | undefined);
    return view.status === 'done'
      ? json(view)
      : json(view, 202, { location: connectionTestPath(name, test) });
  });
}
