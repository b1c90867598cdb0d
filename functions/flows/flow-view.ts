import type { StoredFlow } from '../../adapters/ports';
import type { FlowList, FlowView } from '../../contracts/api-flows';
import { triggerOf } from './flow-input';

export function flowSummary(flow: StoredFlow): FlowList['flows'][number] {
  const { description } = flow.definition;
  return {
    name: flow.name,
    ...(description === undefined ? {} : { description }),
    trigger: triggerOf(flow.definition).kind,
    hash: flow.hash,
    updatedAt: new Date(flow.updatedMs).toISOString(),
  };
}

export function flowView(flow: StoredFlow): FlowView {
  const inputs = triggerOf(flow.definition).inputs?.schema;
  return { ...flowSummary(flow), ...(inputs ? { inputs } : {}), definition: flow.definition };
}
