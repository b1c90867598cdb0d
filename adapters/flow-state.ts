import { flowDisabledEvent } from '../domain/outgoing-events/events';
import type { FlowDisabled } from './flow-ports';
import type { Ports } from './ports';

/** Name of a flow's own feed of changes. */
export function flowFeed(flow: string): string {
  return `flow:${flow}`;
}

/**
 * Enables, disables or deletes a flow and says so in its feed; that it was disabled, subscribers are told too. From then on its triggers start runs again, or none.
 * @returns false when there was nothing to change.
 */
export async function changeFlowState(
  ports: Pick<Ports, 'flows' | 'flowHealth' | 'feed' | 'events' | 'now'>,
  flow: string,
  change:
    | { to: 'enabled' | 'deleted'; by: string }
    | { to: 'disabled'; by: string; reason: FlowDisabled['reason'] },
): Promise<boolean> {
  const atMs = ports.now();
  const { to, by } = change;
  const number = await ports.flows.setState(
    flow,
    change.to === 'disabled' ? { reason: change.reason, by, atMs } : change.to,
  );
  if (number === undefined) return false;
  if (to !== 'disabled') await ports.flowHealth.reset(flow);
  const reason = change.to === 'disabled' ? { reason: change.reason } : {};
  const entry = { what: 'flow', flow, change: to, ...reason, actor: by };
  await ports.feed.append([{ queue: flowFeed(flow), number, atMs, change: entry }]);
  if (change.to === 'disabled') await ports.events.append(flowDisabledEvent(flow, atMs, { ...reason, by }));
  return true;
}
