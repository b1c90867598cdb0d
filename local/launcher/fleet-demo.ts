import { queueView } from '../../contracts/api-machines';
import { Fleet } from '../../agent/simulate/fleet';
import { realPace, type Pace } from '../../agent/simulate/pace';
import type { Scenario } from '../../agent/simulate/scenario';
import { FleetBoard } from './fleet-board';
import { FleetRuns } from './fleet-runs';
import type { Screen } from './fleet-screen';
import { compareEnds, type FleetWork } from './fleet-work';
import { LocalApi } from './local-api';

export interface FleetDemoOptions {
  /** Folder of the product. */
  root: string;
  /** A control plane that runs, and an owner's key to it. */
  url: string;
  key: string;
  /** Folder of the fleet's agents. */
  dataDir: string;
  scenario: Scenario;
  work: FleetWork;
  /** How much faster than real time the fleet lives. */
  speed: number;
  screen: Screen;
}

/** The demo is given up after so long (real time). */
const LIMIT_MS = 60_000;
const REDRAW_MS = 400;
const LOOK_MS = 50;

/**
 * Plays the scenario with the work, showing the fleet meanwhile, and compares the end with what is expected.
 * @returns true when every run ended as it had to and every move to the top worked.
 */
export async function runFleetDemo(options: FleetDemoOptions): Promise<boolean> {
  const { url, key, dataDir, scenario, work, speed, screen, root } = options;
  const api = new LocalApi(url, key);
  const pace = realPace(speed);
  const machines = new Map<string, string>();
  const runs = new FleetRuns(api, machines);
  const board = new FleetBoard(api, runs, (line) => screen.event(line));
  const fleet = await Fleet.start({
    scenario,
    url,
    dataDir,
    pace,
    token: async () => (await api.issueToken()).token,
    say: (machine, text) => board.event(`${machine}: ${text}`),
  });
  const giveUp = AbortSignal.timeout(LIMIT_MS);
  try {
    for (const { name, id } of fleet.machines) machines.set(name, id);
    await runs.publish(root);
    const moved: string[] = [];
    const script = Promise.all([
      fleet.play(),
      ...work.batches.map(async (batch) => {
        await pace.wait(batch.at);
        await runs.request(batch, speed);
      }),
      ...work.moves.map(async ({ at, machine }) => {
        await pace.wait(at);
        moved.push(await moveLastToTop({ api, runs, machine, id: machines.get(machine) ?? '', giveUp }));
        board.event(`${machine}: ${moved.at(-1)}`);
      }),
    ]).then(() => undefined);
    const played = await showUntilEnded({ board, runs, screen, script, giveUp });
    return summarize({ work, runs, moved, played, screen });
  } finally {
    await fleet.stop();
  }
}

/** Redraws until the script is over and all its runs have ended. @returns false when that took too long. @throws what the script threw */
async function showUntilEnded(show: {
  board: FleetBoard;
  runs: FleetRuns;
  screen: Screen;
  script: Promise<void>;
  giveUp: AbortSignal;
}): Promise<boolean> {
  const { board, runs, screen, script, giveUp } = show;
  let over = false;
  const failed = new Promise<never>((_, reject) => {
    script.then(() => (over = true), reject);
  });
  for (;;) {
    // Asked before the look, so that the last look sees the end of everything.
    const last = over;
    await Promise.race([board.refresh(), failed]);
    screen.draw(board.lines());
    if (last && runs.all.every(({ end }) => end)) return true;
    if (giveUp.aborted) return false;
    await Promise.race([realTime.wait(REDRAW_MS), failed]);
  }
}

const realTime: Pace = realPace();

/** Moves the last waiting run of a machine to the top as soon as it has one to pass (row F6). @returns what became of it */
async function moveLastToTop(options: {
  api: LocalApi;
  runs: FleetRuns;
  machine: string;
  id: string;
  giveUp: AbortSignal;
}): Promise<string> {
  const { api, runs, id, giveUp } = options;
  const path = `/api/machines/${id}/queue`;
  while (!giveUp.aborted) {
    const { waiting } = queueView.parse(await api.call('GET', path));
    const last = waiting.at(-1);
    if (last && waiting.length >= 3) {
      const answer = await api.call(
        'PATCH',
        `${path}/${last.run}`,
        JSON.stringify({ position: 'top' }),
        'application/json',
      );
      // 202 when the queue was slow: then its place is looked up.
      const known = queueView.safeParse(answer);
      const after = known.success ? known.data : queueView.parse(await api.call('GET', path));
      const position = after.waiting.find(({ run }) => run === last.run)?.position ?? 0;
      const number = runs.find(last.run)?.number ?? '?';
      if (position <= 1) return `${MOVED} #${number} from place ${waiting.length}`;
      return `#${number} was moved to the top and is at place ${position}`;
    }
    await realTime.wait(LOOK_MS);
  }
  return 'there was nothing to move to the top';
}

const MOVED = 'moved to the top:';

function summarize(end: {
  work: FleetWork;
  runs: FleetRuns;
  moved: readonly string[];
  played: boolean;
  screen: Screen;
}): boolean {
  const { work, runs, moved, played, screen } = end;
  const ends = runs.all.map((run) => run.end ?? 'has not ended');
  const compared = compareEnds(work.expect, ends);
  const movesWorked = moved.length === work.moves.length && moved.every((text) => text.startsWith(MOVED));
  screen.print('');
  for (const { end: how, count, expected } of compared) {
    screen.print(
      `  ${String(count).padStart(3)}  ${how}${count === expected ? '' : `   (expected ${expected})`}`,
    );
  }
  if (!movesWorked)
    screen.print(`  A move to the top did not work: ${moved.join('; ') || 'it never came to it'}`);
  const good = played && movesWorked && compared.every(({ count, expected }) => count === expected);
  screen.print(
    good
      ? 'Everything happened as the scenario expects.'
      : 'Not everything happened as the scenario expects.',
  );
  return good;
}
