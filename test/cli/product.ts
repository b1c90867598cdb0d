import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommandLine } from '../../cli/program';
import type { Shell } from '../../cli/shell';
import { listAudit } from '../../functions/audit/list-audit.http';
import { getConnectionTest } from '../../functions/connections/get-connection-test.http';
import { listConnections } from '../../functions/connections/list-connections.http';
import { putConnection } from '../../functions/connections/put-connection.http';
import { startConnectionTest } from '../../functions/connections/start-connection-test.http';
import { listDesktopFlows } from '../../functions/desktop-flows/list-desktop-flows.http';
import { putDesktopFlow } from '../../functions/desktop-flows/put-desktop-flow.http';
import { uploadFile } from '../../functions/files/upload-file.http';
import { getFlow } from '../../functions/flows/get-flow.http';
import { listFlows } from '../../functions/flows/list-flows.http';
import { putFlow } from '../../functions/flows/put-flow.http';
import { putFlows } from '../../functions/flows/put-flows.http';
import { runFlow } from '../../functions/flows/run-flow.http';
import type { DurableHandler, Handler } from '../../functions/http';
import { getMachineQueue } from '../../functions/machines/get-machine-queue.http';
import { getMachine } from '../../functions/machines/get-machine.http';
import { issueRegistrationToken } from '../../functions/machines/issue-registration-token.http';
import { listMachines } from '../../functions/machines/list-machines.http';
import { cancelRun } from '../../functions/runs/cancel-run.http';
import { getArtifact } from '../../functions/runs/get-artifact.http';
import { getRunLogs } from '../../functions/runs/get-run-logs.http';
import { getRun } from '../../functions/runs/get-run.http';
import { listArtifacts } from '../../functions/runs/list-artifacts.http';
import { listRuns } from '../../functions/runs/list-runs.http';
import { resubmitRun } from '../../functions/runs/resubmit-run.http';
import { listDeliveries, retryDelivery } from '../../functions/subscriptions/deliveries.http';
import {
  deleteSubscription,
  getSubscription,
  listSubscriptions,
  putSubscription,
  replayEvents,
  rotateSecret,
} from '../../functions/subscriptions/subscriptions.http';
import { call, callDurable, FakeOrchestrations, type Answer, type Call } from '../functions/api';
import { createInMemoryPorts } from '../support/in-memory-ports';

export const KEY = 'the-key';
const NOW = Date.UTC(2026, 0, 15, 12);

/** The command line on one side, the real HTTP functions over in-memory ports on the other, no network between them. */
export function openProduct() {
  const ports = createInMemoryPorts({ now: () => NOW });
  const client = new FakeOrchestrations();
  const cwd = mkdtempSync(join(tmpdir(), 'attendant-cli-'));
  const plain = (handler: Handler) => (request: Call) => call(handler, request);
  const durable = (handler: DurableHandler) => (request: Call) => callDurable(handler, client, request);
  const routes: [string, string, (request: Call) => Promise<Answer>][] = [
    ['GET', 'flows', plain(listFlows(ports))],
    ['GET', 'flows/{flow}', plain(getFlow(ports))],
    ['PUT', 'flows', plain(putFlows(ports))],
    ['PUT', 'flows/{flow}', plain(putFlow(ports))],
    ['POST', 'flows/{flow}/run', durable(runFlow(ports))],
    ['POST', 'files', plain(uploadFile(ports))],
    ['GET', 'desktop-flows', plain(listDesktopFlows(ports))],
    ['PUT', 'desktop-flows/{name}', plain(putDesktopFlow(ports))],
    ['GET', 'audit', plain(listAudit(ports))],
    ['GET', 'runs', plain(listRuns(ports))],
    ['GET', 'runs/{run}', durable(getRun(ports))],
    ['POST', 'runs/{run}/cancel', durable(cancelRun(ports))],
    ['GET', 'runs/{run}/logs', durable(getRunLogs(ports))],
    ['GET', 'runs/{run}/artifacts', durable(listArtifacts(ports))],
    ['GET', 'runs/{run}/artifacts/{name}', plain(getArtifact(ports))],
    ['GET', 'machines', plain(listMachines(ports))],
    ['GET', 'machines/{machine}', durable(getMachine(ports))],
    ['GET', 'machines/{machine}/queue', durable(getMachineQueue(ports))],
    ['POST', 'runs/{run}/resubmit', durable(resubmitRun(ports))],
    ['GET', 'event-subscriptions', plain(listSubscriptions(ports))],
    ['GET', 'event-subscriptions/{name}', plain(getSubscription(ports))],
    ['PUT', 'event-subscriptions/{name}', plain(putSubscription(ports))],
    ['DELETE', 'event-subscriptions/{name}', plain(deleteSubscription(ports))],
    ['POST', 'event-subscriptions/{name}/rotate-secret', plain(rotateSecret(ports))],
    ['POST', 'event-subscriptions/{name}/replay', plain(replayEvents(ports))],
    ['GET', 'event-subscriptions/{name}/deliveries', plain(listDeliveries(ports))],
    ['POST', 'event-subscriptions/{name}/deliveries/{event}/retry', plain(retryDelivery(ports))],
    ['POST', 'registration-tokens', plain(issueRegistrationToken(ports))],
    ['GET', 'connections', plain(listConnections(ports))],
    ['PUT', 'connections/{name}', plain(putConnection(ports))],
    ['POST', 'connections/{name}/test', durable(startConnectionTest(ports, { patienceMs: 0 }))],
    ['GET', 'connections/{name}/tests/{test}', durable(getConnectionTest())],
  ];

  const send: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    if (request.headers.get('x-functions-key') !== KEY) return new Response(null, { status: 401 });
    const url = new URL(request.url);
    const path = url.pathname
      .replace(/^\/api\//, '')
      .split('/')
      .map(decodeURIComponent);
    for (const [method, route, handle] of routes) {
      const params = match(route.split('/'), path);
      if (method !== request.method || !params) continue;
      const body = new Uint8Array(await request.arrayBuffer());
      const answer = await handle({
        method,
        params,
        query: Object.fromEntries(url.searchParams),
        headers: Object.fromEntries(request.headers),
        ...(body.byteLength === 0 ? {} : { body }),
      });
      const content = answer.status === 204 ? null : new Uint8Array(answer.bytes);
      return new Response(content, { status: answer.status, headers: answer.headers });
    }
    return new Response(null, { status: 404 });
  };

  /** What happens while the command waits. */
  const product = { ports, client, cwd, onPause: (): void | Promise<void> => undefined };
  const run = async (args: string[], more: Partial<Shell> = {}) => {
    const out: string[] = [];
    const err: string[] = [];
    const shell: Shell = {
      environment: { ATTENDANT_URL: 'http://localhost:7071', ATTENDANT_KEY: KEY },
      cwd,
      out: (text) => void out.push(text),
      err: (text) => void err.push(text),
      fetch: send,
      now: () => NOW,
      pause: async () => product.onPause(),
      run: async () => 0,
      ...more,
    };
    const exitCode = await runCommandLine(shell, args);
    return { exitCode, out: out.join('\n'), err: err.join('\n') };
  };
  return Object.assign(product, { run, send, stop: () => rmSync(cwd, { recursive: true }) });
}

function match(route: string[], path: string[]): Record<string, string> | undefined {
  if (route.length !== path.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, segment] of route.entries()) {
    const given = path[i] ?? '';
    if (segment.startsWith('{')) params[segment.slice(1, -1)] = given;
    else if (segment !== given) return undefined;
  }
  return params;
}
