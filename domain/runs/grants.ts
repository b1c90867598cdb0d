import type { Fence } from '../../contracts/ids';
import type { GrantRef } from '../run-queue/messages';

export function sameFence(a: Fence, b: Fence): boolean {
  return a.epoch === b.epoch && a.n === b.n;
}

/** Whether a message about (machine, fence) speaks for this grant; anything else is late or foreign. */
export function speaksFor(message: { machine: string; fence: Fence }, grant: GrantRef): boolean {
  return message.machine === grant.machine && sameFence(message.fence, grant.fence);
}

/** One text per grant, for remembering which were seen. */
export function grantKey(grant: GrantRef): string {
  return `${grant.machine}/${grant.fence.epoch}.${grant.fence.n}`;
}
