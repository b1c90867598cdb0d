import type { Command } from 'commander';
import { runAccepted } from '../../contracts/api-flows';
import { runList, type RunSummary } from '../../contracts/api-runs';
import { apiCommand, examples, part, sessionOf, type Session } from '../command';
import { CliError, exitCodes, type Shell } from '../shell';
import { instant, table } from '../text';
import { timeOf } from '../time-option';

interface FilterOptions {
  status?: string;
  flow?: string;
  desktopFlow?: string;
  machine?: string;
  group?: string;
  trigger?: string;
  startedBy?: string;
  since?: string;
  until?: string;
}

interface ListOptions extends FilterOptions {
  top: string;
  continuation?: string;
}

interface ResubmitOptions extends FilterOptions {
  limit: string;
}

/** `attendant runs list` and `attendant runs resubmit`. */
export function addRunListCommands(runs: Command, shell: Shell): void {
  const list = filters(apiCommand(runs, 'list', 'list runs, newest first'))
    .option('--desktop-flow <name>', 'desktop-flow runs of this desktop flow')
    .option('--machine <id>', 'desktop-flow runs that this machine was given')
    .option('--group <id>', 'desktop-flow runs that a machine of this group was given')
    .option('--top <n>', 'how many, at most 100', '20')
    .option('--continuation <text>', 'go on where an earlier list ended')
    .action(async (options: ListOptions, command: Command) => {
      const session = sessionOf(shell, command);
      const { top, continuation } = options;
      const query = { ...queryOf(options, shell.now()), top, continuation };
      const page = await session.api.json(runList, { path: 'runs', query });
      session.print(page, () => {
        const rows = runTable(page.runs, session.utc);
        return page.continuation ? `${rows}\nmore: --continuation '${page.continuation}'` : rows;
      });
    });
  examples(
    list,
    'attendant runs list --status Failed --since 2h',
    'attendant runs list --machine m-01jd0000000000000000000000 --json',
  );

  const resubmit = filters(
    apiCommand(runs, 'resubmit [run]', 'run an ended run again with its trigger data, or all that failed'),
  )
    .option('--limit <n>', 'without a run: how many at most', '20')
    .action(async (run: string | undefined, options: ResubmitOptions, command: Command) => {
      const session = sessionOf(shell, command);
      const wanted = run === undefined ? await failedRuns(session, options, shell.now()) : [run];
      const started: { run: string; resubmittedFrom: string }[] = [];
      for (const before of wanted) {
        const path = `runs/${part(before)}/resubmit`;
        // Of a list: asked for twice, a run is repeated once.
        const headers = run === undefined ? { 'idempotency-key': 'list' } : {};
        const answer = await session.api.json(runAccepted, { method: 'POST', path, headers });
        started.push({ run: answer.run, resubmittedFrom: before });
      }
      session.print({ runs: started }, () =>
        started.length === 0
          ? 'No run fits.'
          : started.map((one) => `${one.resubmittedFrom} runs again as ${one.run}`).join('\n'),
      );
    });
  examples(
    resubmit,
    'attendant runs resubmit 01JD0000000000000000000000',
    'attendant runs resubmit --flow report --since 1d --limit 50',
  );
}

function filters(command: Command): Command {
  return command
    .option('--status <status>', 'only runs of this status, such as Running or Failed')
    .option('--flow <flow>', 'only runs of this cloud flow')
    .option('--trigger <kind>', 'only runs of this kind of trigger, such as Button or Recurrence')
    .option('--started-by <name>', 'only runs that this person or program started')
    .option('--since <time>', 'requested since then: 30m, 2h, 7d ago, or an instant')
    .option('--until <time>', 'requested before then, as --since');
}

function queryOf(options: FilterOptions, nowMs: number): Record<string, string | undefined> {
  const { since, until, status, flow, desktopFlow, machine, group, trigger, startedBy } = options;
  const from = since === undefined ? undefined : timeOf(since, nowMs);
  const to = until === undefined ? undefined : timeOf(until, nowMs);
  return { status, flow, desktopFlow, machine, group, trigger, startedBy, from, to };
}

/** Runs of the filter, at most `limit`; of those that were repeated by a list before, the same again. */
async function failedRuns(session: Session, options: ResubmitOptions, nowMs: number): Promise<string[]> {
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) {
    throw new CliError('--limit is a number from 1 to 1000.', { exitCode: exitCodes.usage });
  }
  const query = { status: 'Failed', ...queryOf({ status: 'Failed', ...options }, nowMs) };
  const found: string[] = [];
  let continuation: string | undefined;
  do {
    const top = String(Math.min(100, limit - found.length));
    const page = await session.api.json(runList, { path: 'runs', query: { ...query, top, continuation } });
    found.push(...page.runs.map(({ run }) => run));
    ({ continuation } = page);
  } while (continuation !== undefined && found.length < limit);
  return found;
}

function runTable(runs: readonly RunSummary[], utc: boolean): string {
  return table(
    [
      { title: 'RUN', of: (run) => run.run },
      { title: 'FLOW', of: (run) => (run.kind === 'cloud' ? run.flow : run.desktopFlow), flexible: true },
      { title: 'STATUS', of: (run) => run.status },
      { title: 'TRIGGER', of: (run) => run.trigger ?? '' },
      { title: 'REQUESTED', of: (run) => instant(run.requestedAt, utc) },
    ],
    runs,
  );
}
