import type { z } from 'zod';
import { duration } from '../../contracts/flow-definition/basics';

const UNIT_MS = { W: 604_800_000, D: 86_400_000, H: 3_600_000, M: 60_000, S: 1_000 } as const;

/** An ISO 8601 duration such as PT2.5S, read as milliseconds. */
export const durationInMs = duration.transform((text) =>
  [...text.matchAll(/([\d.]+)([WDHMS])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS],
    0,
  ),
);

export const durationWithDefault = (standard: string): z.ZodPrefault<typeof durationInMs> =>
  durationInMs.prefault(standard);
