import type { Runner } from './runner';

/** Ends every run at once with success and starts no process: measures everything around the desktop flow. */
export function noopRunner(): Runner {
  return {
    start: () => ({
      ended: Promise.resolve({ outcome: 'Succeeded', outputs: {} }),
      stop: () => undefined,
      pause: () => Promise.resolve(false),
      resume: () => Promise.resolve(false),
    }),
    clean: () => Promise.resolve(),
    kinds: () => Promise.resolve(['exec', 'node', 'python']),
  };
}
