import type { Ports } from '../../adapters/ports';
import { changeFlowState } from '../../adapters/flow-state';
import { callerOf } from '../caller';
import { http, json, type Handler } from '../http';
import { findFlow } from './find-flow';
import { flowView } from './flow-view';

/** POST flows/{flow}/disable: its triggers start nothing more; runs that go on go on. */
export function disableFlow(ports: Ports): Handler {
  return http(async (request) => {
    const { name } = await findFlow(ports, request.params['flow'] ?? '');
    const by = callerOf(request).name;
    await changeFlowState(ports, name, { to: 'disabled', by, reason: 'ByPerson' });
    return json(flowView(await findFlow(ports, name)));
  });
}

/** POST flows/{flow}/enable: what passed meanwhile is not made up for. */
export function enableFlow(ports: Ports): Handler {
  return http(async (request) => {
    const { name } = await findFlow(ports, request.params['flow'] ?? '');
    await changeFlowState(ports, name, { to: 'enabled', by: callerOf(request).name });
    return json(flowView(await findFlow(ports, name)));
  });
}

/** DELETE flows/{flow}: its triggers stop at once; runs that go on keep their definition, and the history of runs stays. */
export function deleteFlow(ports: Ports): Handler {
  return http(async (request) => {
    const { name } = await findFlow(ports, request.params['flow'] ?? '');
    await changeFlowState(ports, name, { to: 'deleted', by: callerOf(request).name });
    return { status: 204 };
  });
}
