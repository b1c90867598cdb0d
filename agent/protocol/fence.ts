import type { Fence } from '../../contracts/ids';

/** Order of grants: by registration, then by number. Negative when `a` is older. */
export function compareFences(a: Fence, b: Fence): number {
  return a.epoch - b.epoch || a.n - b.n;
}

export function sameFence(a: Fence, b: Fence): boolean {
  return compareFences(a, b) === 0;
}

export function laterFence(a: Fence, b: Fence): Fence {
  return compareFences(a, b) >= 0 ? a : b;
}

/** Grant number of runs that were started at the machine without the control plane; no queue ever gives it (here.ts). */
export function fenceHere(epoch: number): Fence {
  return { epoch, n: 0 };
}

export function isHere(fence: Fence): boolean {
  return fence.n === 0;
}
