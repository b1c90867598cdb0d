import type { Ports } from '../../adapters/ports';
import type { ActionRecord, StoredValue } from '../../contracts/action-records';
import { runActionsQuery, type RunActions, type ShownValue } from '../../contracts/api-run-actions';
import { durableHttp, json, type DurableHandler } from '../http';
import { parseQuery } from '../request-body';
import { findRun } from './find-run';
import { withRemedy } from './run-status';

/** GET runs/{run}/actions: what the actions of a block, or the rounds of a loop, were given and gave (row A8). */
export function listRunActions(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const { run } = await findRun(ports, client, request);
    const { parent, top, continuation } = parseQuery(runActionsQuery, request);
    const page = await ports.actions.list(run, { parent, top, after: continuation });
    const body: RunActions = {
      actions: page.records.map((record) => actionView(run, record)),
      ...(page.continuation === undefined ? {} : { continuation: page.continuation }),
    };
    return json(body);
  });
}

function actionView(
  run: string,
  { inputs, outputs, error, ...record }: ActionRecord,
): RunActions['actions'][number] {
  return {
    ...record,
    ...(inputs ? { inputs: shown(run, inputs) } : {}),
    ...(outputs ? { outputs: shown(run, outputs) } : {}),
    ...(error ? { error: withRemedy(error) } : {}),
  };
}

function shown(run: string, value: StoredValue): ShownValue {
  return 'hash' in value ? { bytes: value.bytes, link: `/api/runs/${run}/values/${value.hash}` } : value;
}
