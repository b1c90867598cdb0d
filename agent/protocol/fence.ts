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
