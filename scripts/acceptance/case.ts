import type { World } from './world';

/** What is shown, and what it does: it throws what is not as it has to be. */
export type Case = readonly [title: string, check: (world: World) => Promise<void>];
