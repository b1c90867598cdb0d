import { z } from 'zod';

/** A cloud-flow run: a ULID in upper case. Nothing of the caller's (name, key) enters an id. */
export const runId = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/, 'is not a run id (a ULID)');

/**
 * A desktop-flow run: the id of the orchestration that started it (the run's, or that of a part of it, `<run>.<k>`) and the number of
 * this scheduling there, retries included. It is also its instance id.
 */
export const desktopRunId = z
  .string()
  .regex(
    /^[0-9A-HJKMNP-TV-Z]{26}(\.\d{1,6}){0,60}-\d{1,6}$/,
    'is not a desktop-flow run id (<run>-<n>, in a part of the run <run>.<k>-<n>)',
  );

/** Machines, groups and other things the system names itself: lower-case ULID behind a short prefix, such as `m-01j…`. */
export const machineId = z.string().regex(/^m-[0-9a-hjkmnp-tv-z]{26}$/, 'is not a machine id');

export const groupId = z.string().regex(/^g-[0-9a-hjkmnp-tv-z]{26}$/, 'is not the id of a machine group');

/** Names that people give (flows, desktop flows, connections): also the key in the URL and in the store. */
export const resourceName = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'use lower-case letters, digits and inner hyphens only');

/** SHA-256 in hex: the id of a stored file, package or definition is its content. */
export const contentHash = z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in lower-case hex');

/** ISO 8601 instant in UTC. */
export const instant = z.iso.datetime();

/**
 * The right to act on one machine: `epoch` counts the machine's registrations, `n` the grants within it (row L4).
 * Ordered by epoch, then n; anything older than the current one is dropped.
 */
export const fence = z.object({ epoch: z.int().min(1), n: z.int().min(1) });
export type Fence = z.infer<typeof fence>;
