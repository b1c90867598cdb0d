import type { Command } from 'commander';
import {
  deliveryList,
  deliveryView,
  subscriptionList,
  subscriptionStored,
  type SubscriptionView,
  subscriptionView,
} from '../../contracts/outgoing-events';
import { apiCommand, examples, part, sessionOf } from '../command';
import { onOff } from '../edit-options';
import type { Shell } from '../shell';
import { details, instant, table } from '../text';

interface SetOptions {
  to: string;
  types?: string[];
  flows?: string[];
  enabled: string;
}

const pathOf = (name: string, rest = ''): string => `event-subscriptions/${part(name)}${rest}`;

/** `attendant subscriptions …` (row L3) */
export function addSubscriptionCommands(program: Command, shell: Shell): void {
  const group = program
    .command('subscriptions')
    .description('who is told of runs, machines and flows, by webhooks');

  apiCommand(group, 'list', 'list the subscriptions').action(async (_options, command: Command) => {
    const session = sessionOf(shell, command);
    const list = await session.api.json(subscriptionList, { path: 'event-subscriptions' });
    session.print(list, () =>
      table(
        [
          { title: 'NAME', of: (one) => one.name },
          { title: 'URL', of: (one) => one.url, flexible: true },
          { title: 'ENABLED', of: (one) => (one.enabled ? 'yes' : 'no') },
          { title: 'FAILURES', of: (one) => String(one.health.failures) },
        ],
        list.subscriptions,
      ),
    );
  });

  apiCommand(group, 'show <name>', 'show a subscription and how its deliveries go').action(
    async (name: string, _options, command: Command) => {
      const session = sessionOf(shell, command);
      const view = await session.api.json(subscriptionView, { path: pathOf(name) });
      session.print(view, () => subscriptionText(view, session.utc));
    },
  );

  const set = apiCommand(group, 'set <name>', 'create or change a subscription')
    .requiredOption('--to <address>', 'where events are posted to')
    .option('--types <type...>', 'only these types, such as attendant.run.failed')
    .option('--flows <flow...>', 'only events of these cloud flows')
    .option('--enabled <on|off>', 'whether it is told anything', 'on')
    .action(async (name: string, options: SetOptions, command: Command) => {
      const session = sessionOf(shell, command);
      const { enabled, to, types, flows } = options;
      const body = { url: to, types, flows, enabled: onOff(enabled) };
      const request = { method: 'PUT', path: pathOf(name), body } as const;
      const stored = await session.api.json(subscriptionStored, request);
      session.print(stored, () => storedText(stored, session.utc));
    });
  examples(
    set,
    'attendant subscriptions set erp --to https://erp.example.com/hook --types attendant.run.failed',
  );

  apiCommand(group, 'rotate <name>', 'replace the secret; the one before signs for another day').action(
    async (name: string, _options, command: Command) => {
      const session = sessionOf(shell, command);
      const request = { method: 'POST', path: pathOf(name, '/rotate-secret') } as const;
      const stored = await session.api.json(subscriptionStored, request);
      session.print(stored, () => storedText(stored, session.utc));
    },
  );

  const replay = apiCommand(group, 'replay <name>', 'deliver kept events again')
    .requiredOption('--from <event>', 'id of the first event, or an instant')
    .action(async (name: string, { from }: { from: string }, command: Command) => {
      const session = sessionOf(shell, command);
      const request = { method: 'POST', path: pathOf(name, '/replay'), body: { from } } as const;
      const view = await session.api.json(subscriptionView, request);
      session.print(view, () => `${name} is being told again.`);
    });
  examples(replay, 'attendant subscriptions replay erp --from 2026-03-02T08:00:00Z');

  apiCommand(group, 'deliveries <name>', 'list deliveries that were given up, or that wait')
    .option('--status <dead|waiting>', 'which', 'dead')
    .option('--top <n>', 'how many, at most 100', '20')
    .option('--continuation <text>', 'go on where an earlier list ended')
    .action(async (name: string, options: Record<string, string | undefined>, command: Command) => {
      const session = sessionOf(shell, command);
      const { status, top, continuation } = options;
      const page = await session.api.json(deliveryList, {
        path: pathOf(name, '/deliveries'),
        query: { status, top, continuation },
      });
      session.print(page, () => {
        const rows = table(
          [
            { title: 'EVENT', of: (one) => one.event },
            { title: 'TRIES', of: (one) => String(one.attempts) },
            { title: 'DUE', of: (one) => instant(one.dueAt, session.utc) },
            { title: 'ERROR', of: (one) => one.lastError, flexible: true },
          ],
          page.deliveries,
        );
        return page.continuation ? `${rows}\nmore: --continuation ${page.continuation}` : rows;
      });
    });

  apiCommand(group, 'retry <name> <event>', 'try a delivery again that was given up').action(
    async (name: string, event: string, _options, command: Command) => {
      const session = sessionOf(shell, command);
      const request = { method: 'POST', path: pathOf(name, `/deliveries/${part(event)}/retry`) } as const;
      session.print(await session.api.json(deliveryView, request), () => `${event} is tried again.`);
    },
  );

  apiCommand(group, 'delete <name>', 'delete a subscription').action(
    async (name: string, _options, command: Command) => {
      const session = sessionOf(shell, command);
      await session.api.done({ method: 'DELETE', path: pathOf(name) });
      session.print({ deleted: name }, () => `${name} is deleted.`);
    },
  );
}

function storedText(stored: SubscriptionView & { secret?: string | undefined }, utc: boolean): string {
  const text = subscriptionText(stored, utc);
  if (stored.secret === undefined) return text;
  return `${text}\n\nsecret, shown this once:\n${stored.secret}`;
}

function subscriptionText(view: SubscriptionView, utc: boolean): string {
  return details([
    ['name', view.name],
    ['url', view.url],
    ['types', view.types?.join(', ')],
    ['flows', view.flows?.join(', ')],
    ['enabled', view.enabled ? 'yes' : 'no'],
    ['last success', instant(view.health.lastSuccessAt, utc)],
    ['last failure', instant(view.health.lastFailureAt, utc)],
    ['last error', view.health.lastError],
    ['failures', String(view.health.failures)],
    ['old secret until', instant(view.previousSecretUntil, utc)],
  ]);
}
