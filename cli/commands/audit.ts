import type { Command } from 'commander';
import { roleTitles } from '../../contracts/access';
import { auditList, type AuditEntry } from '../../contracts/audit';
import { apiCommand, examples, sessionOf } from '../command';
import type { Shell } from '../shell';
import { instant, table } from '../text';
import { timeOf } from '../time-option';

interface AuditOptions {
  by?: string;
  function?: string;
  target?: string;
  since?: string;
  until?: string;
  top: string;
  continuation?: string;
}

/** `attendant audit`: who changed what (row L8). */
export function addAuditCommand(program: Command, shell: Shell): void {
  const audit = apiCommand(program, 'audit', 'list who changed what, newest first (for owners)')
    .option('--by <name>', 'only what this person did')
    .option('--function <name>', 'only requests to this function, such as put-flow')
    .option('--target <name>', 'only what named this flow, run, machine …')
    .option('--since <time>', 'since then: 30m, 2h, 7d ago, or an instant')
    .option('--until <time>', 'before then, as --since')
    .option('--top <n>', 'how many, at most 100', '20')
    .option('--continuation <text>', 'go on where an earlier list ended')
    .action(async ({ since, until, ...options }: AuditOptions, command: Command) => {
      const session = sessionOf(shell, command);
      const { by, target, top, continuation } = options;
      const from = since === undefined ? undefined : timeOf(since, shell.now());
      const to = until === undefined ? undefined : timeOf(until, shell.now());
      const query = { by, function: options.function, target, from, to, top, continuation };
      const page = await session.api.json(auditList, { path: 'audit', query });
      session.print(page, () => {
        const rows = auditTable(page.entries, session.utc);
        return page.continuation ? `${rows}\nmore: --continuation '${page.continuation}'` : rows;
      });
    });
  examples(audit, 'attendant audit --since 7d', 'attendant audit --by ann --target process-invoices --json');
}

function auditTable(entries: readonly AuditEntry[], utc: boolean): string {
  return table(
    [
      { title: 'AT', of: ({ at }) => instant(at, utc) },
      { title: 'BY', of: ({ by, role }) => `${by} (${roleTitles[role]})` },
      { title: 'WHAT', of: ({ what }) => what },
      { title: 'TARGET', of: ({ target }) => Object.values(target).join(' '), flexible: true },
      { title: 'STATUS', of: ({ status }) => String(status) },
    ],
    entries,
  );
}
