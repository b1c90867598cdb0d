import { z } from 'zod';
import { resourceName } from '../../contracts/ids';
import { priority } from '../../contracts/runs';
import { durationInMs } from '../../agent/simulate/duration';
import { readYaml } from '../../agent/simulate/scenario';

const counts = z.record(z.string(), z.int().min(0)).default({});

const workSchema = z.strictObject({
  /** Runs that are requested together. */
  batches: z
    .array(
      z.strictObject({
        at: durationInMs,
        machine: resourceName,
        /** Taken in turn. */
        users: z.array(resourceName).min(1),
        count: z.int().min(1).max(500),
        desktopFlow: resourceName.default('fleet-task'),
        mode: z.enum(['attended', 'unattended']).default('unattended'),
        priority: priority.default('normal'),
        queueTimeout: durationInMs.optional(),
      }),
    )
    .min(1),
  /** Row F6; the last waiting run of the machine. */
  moves: z
    .array(
      z.strictObject({
        at: durationInMs,
        machine: resourceName,
        run: z.literal('last'),
        to: z.literal('top'),
      }),
    )
    .default([]),
  /** How all the runs end: how many succeed, and how many fail or time out by code. */
  expect: z.strictObject({
    Succeeded: z.int().min(0).default(0),
    Failed: counts,
    TimedOut: counts,
  }),
});

/** What a fleet is given to do, and how it has to end. Times count from the start of the script. */
export type FleetWork = z.infer<typeof workSchema>;
export type FleetBatch = FleetWork['batches'][number];

/** Reads the work of a fleet. @throws ScenarioError naming every place that is wrong. */
export function readWork(yaml: string): FleetWork {
  return readYaml(yaml, workSchema);
}

/** One line for each kind of end, such as `Failed SessionNotFound`, with how often it came and how often it had to. */
export function compareEnds(
  expected: FleetWork['expect'],
  ends: readonly string[],
): { end: string; count: number; expected: number }[] {
  const wanted = new Map<string, number>([
    ['Succeeded', expected.Succeeded],
    ...Object.entries(expected.Failed).map(([code, count]): [string, number] => [`Failed ${code}`, count]),
    ...Object.entries(expected.TimedOut).map(([code, count]): [string, number] => [
      `TimedOut ${code}`,
      count,
    ]),
  ]);
  return [...new Set([...wanted.keys(), ...ends])].map((end) => ({
    end,
    count: ends.filter((other) => other === end).length,
    expected: wanted.get(end) ?? 0,
  }));
}
