import { machineList, queueView, type QueueView } from '../../contracts/api-machines';
import { runList, runView } from '../../contracts/api-runs';
import { isEnded } from '../../contracts/runs';
import type { FleetRuns } from './fleet-runs';
import type { LocalApi } from './local-api';

interface Row {
  name: string;
  os: string;
  status: string;
  running: string[];
  next: string | undefined;
  waiting: number;
  ended: number;
}

const EVENTS_SHOWN = 8;

/** What people see of the fleet: machines with their queues, and what happened last. */
export class FleetBoard {
  rows: Row[] = [];
  private events: string[] = [];
  private readonly began = performance.now();

  constructor(
    private readonly api: LocalApi,
    private readonly runs: FleetRuns,
    /** Told of every event once. */
    private readonly onEvent: (line: string) => void,
  ) {}

  event(text: string): void {
    const line = `${this.seconds()} s  ${text}`;
    this.events.push(line);
    this.onEvent(line);
  }

  /** Asks the API for everything that is shown, and notes which runs have ended. */
  async refresh(): Promise<void> {
    await this.noteEnds();
    const { machines } = machineList.parse(await this.api.call('GET', '/api/machines'));
    const rows = await Promise.all(
      machines.map(async ({ id, name, os, status }): Promise<Row> => {
        const queue = queueView.parse(await this.api.call('GET', `/api/machines/${id}/queue`));
        const ended = this.runs.all.filter((run) => run.machine === name && run.end).length;
        return { name, os, status, ended, ...this.queued(queue) };
      }),
    );
    this.rows = rows.sort((a, b) => a.name.localeCompare(b.name));
  }

  /** The board as lines of text. */
  lines(): string[] {
    const { all } = this.runs;
    const done = all.filter(({ end }) => end).length;
    const table = this.rows.map((row) => [
      row.name,
      row.os,
      row.status,
      row.running.join(' ') || '-',
      row.next ?? '-',
      String(row.waiting),
      String(row.ended),
    ]);
    return [
      `${this.seconds()} s  ${done} of ${all.length} runs ended`,
      '',
      ...columns([['MACHINE', 'SYSTEM', 'STATUS', 'RUNS NOW', 'NEXT', 'WAIT', 'DONE'], ...table]),
      '',
      ...this.events.slice(-EVENTS_SHOWN),
    ];
  }

  private queued({ running, waiting }: QueueView): Pick<Row, 'running' | 'next' | 'waiting'> {
    const label = (id: string): string => {
      const run = this.runs.find(id);
      return run ? `#${run.number} ${run.user}` : id;
    };
    const next = waiting.find((run) => run.next)?.run;
    return {
      running: running.map(({ run }) => label(run)),
      next: next === undefined ? undefined : label(next),
      waiting: waiting.length,
    };
  }

  private async noteEnds(): Promise<void> {
    const { runs } = runList.parse(await this.api.call('GET', '/api/runs?top=100'));
    const ended = new Set(runs.filter(({ status }) => isEnded(status)).map(({ run }) => run));
    await Promise.all(
      this.runs.all
        .filter(({ run, end }) => !end && ended.has(run))
        .map(async (known) => {
          const view = runView.parse(await this.api.call('GET', `/api/runs/${known.run}`));
          // How the desktop-flow run ended; without one, how the cloud-flow run did.
          const { status, error } = (view.kind === 'cloud' ? view.children[0] : undefined) ?? view;
          known.end = error ? `${status} ${error.code}` : status;
          if (error)
            this.event(`${known.machine}: #${known.number} ${known.user} ${known.end}: ${error.message}`);
        }),
    );
  }

  private seconds(): string {
    return ((performance.now() - this.began) / 1_000).toFixed(1).padStart(5);
  }
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
