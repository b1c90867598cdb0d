import type { StoredFlow } from '../../adapters/flow-ports';
import type { FlowList, FlowView } from '../../contracts/api-flows';
import { sha256Hex } from '../request-body';
import { inputSchema, triggerKind, triggerOf } from './flow-input';

export function flowSummary(flow: StoredFlow): FlowList['flows'][number] {
  const { description } = flow.definition;
  const { disabled } = flow;
  return {
    name: flow.name,
    ...(description === undefined ? {} : { description }),
    trigger: triggerKind(triggerOf(flow.definition)),
    hash: flow.hash,
    updatedAt: new Date(flow.updatedMs).toISOString(),
    state: disabled ? 'disabled' : 'enabled',
    ...(disabled
      ? {
          disabled: {
            reason: disabled.reason,
            by: disabled.by,
            at: new Date(disabled.atMs).toISOString(),
          },
        }
      : {}),
  };
}

export function flowView(flow: StoredFlow): FlowView {
  const inputs = inputSchema(triggerOf(flow.definition));
  return { ...flowSummary(flow), ...(inputs ? { inputs } : {}), definition: flow.definition };
}

/** ETag of the list of flows: another one when a flow is added, changed or deleted. */
export function flowsEtag(flows: readonly StoredFlow[]): string {
  const lines = flows.map(({ name, hash }) => `${name}:${hash}`).sort();
  return `"${sha256Hex(lines.join('\n'))}"`;
}
