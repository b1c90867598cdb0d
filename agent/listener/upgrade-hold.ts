import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../clock';

/** A wish of `attendant-agent upgrade`: no new runs until this instant. It lapses by itself, should whoever wished it be gone. */
const fileName = 'upgrade-hold.json';
const HOLD_MS = 30_000;

/** Has the agent on this folder refuse offers for half a minute. */
export async function holdRuns(dataDir: string, clock: Clock): Promise<void> {
  const text = JSON.stringify({ until: clock.now() + HOLD_MS });
  await writeFile(path.join(dataDir, fileName), text, { mode: 0o600 });
}

export function releaseRuns(dataDir: string): Promise<void> {
  return rm(path.join(dataDir, fileName), { force: true });
}

/** Why offers are refused just now; undefined when they are not. */
export function heldBack(dataDir: string, clock: Clock): string | undefined {
  try {
    const { until } = JSON.parse(readFileSync(path.join(dataDir, fileName), 'utf8')) as { until: unknown };
    const left = typeof until === 'number' ? until - clock.now() : 0;
    return left > 0 && left <= HOLD_MS ? 'The agent is being upgraded.' : undefined;
  } catch {
    return undefined;
  }
}
