import type { Command } from 'commander';
import { z } from 'zod';
import { flowView } from '../../contracts/api-flows';
import {
  eventSourceList,
  eventSourceSecret,
  scheduleView,
  triggerHistoryPage,
} from '../../contracts/api-triggers';
import { apiCommand, examples, part, sessionOf } from '../command';
import type { Shell } from '../shell';
import { details, instant, table } from '../text';

/** Commands of `attendant flows` that tell and change what starts a flow. */
export function addTriggerCommands(flows: Command, shell: Shell): void {
  for (const [verb, done] of [
    ['enable', 'starts runs again'],
    ['disable', 'starts no more runs'],
  ] as const) {
    apiCommand(flows, `${verb} <flow>`, `${verb} a cloud flow`).action(
      async (name: string, _options, command: Command) => {
        const session = sessionOf(shell, command);
        const path = `flows/${part(name)}/${verb}`;
        const flow = await session.api.json(flowView, { method: 'POST', path });
        session.print(flow, () => `${flow.name} ${done}.`);
      },
    );
  }

  apiCommand(flows, 'delete <flow>', 'delete a cloud flow; its runs stay in the history').action(
    async (name: string, _options, command: Command) => {
      const session = sessionOf(shell, command);
      await session.api.json(z.unknown(), { method: 'DELETE', path: `flows/${part(name)}` });
      session.print({ deleted: name }, () => `${name} is deleted.`);
    },
  );

  apiCommand(flows, 'triggers <flow>', 'show what the trigger of a cloud flow did, newest first')
    .option('--top <n>', 'at most so many', '20')
    .action(async (name: string, { top }: { top: string }, command: Command) => {
      const session = sessionOf(shell, command);
      const path = `flows/${part(name)}/triggers`;
      const page = await session.api.json(triggerHistoryPage, { path, query: { top } });
      session.print(page, () =>
        table(
          [
            { title: 'AT', of: (entry) => instant(entry.at, session.utc) },
            { title: 'OUTCOME', of: ({ outcome }) => outcome },
            { title: 'REASON', of: ({ reason }) => reason },
            { title: 'RUN', of: ({ run }) => run },
            { title: 'EVENT', of: ({ detail }) => detail, flexible: true },
          ],
          page.triggers,
        ),
      );
    });
}

/** `attendant schedules …` */
export function addScheduleCommands(program: Command, shell: Shell): void {
  const schedules = program.command('schedules').description('schedules of cloud flows');
  const preview = apiCommand(schedules, 'preview <flow>', 'show when a schedule comes next')
    .option('--count <n>', 'so many occurrences', '10')
    .action(async (name: string, { count }: { count: string }, command: Command) => {
      const session = sessionOf(shell, command);
      const path = `flows/${part(name)}/schedule`;
      const schedule = await session.api.json(scheduleView, { path, query: { count } });
      session.print(schedule, () =>
        table(
          [
            { title: schedule.timeZone.toUpperCase(), of: ({ local }) => local },
            { title: 'AT', of: ({ at }) => instant(at, session.utc) },
            { title: '', of: ({ excluded }) => (excluded ? 'excluded' : undefined) },
          ],
          schedule.occurrences,
        ),
      );
    });
  examples(preview, 'attendant schedules preview nightly --count 3');
}

/** `attendant event-sources …` */
export function addEventSourceCommands(program: Command, shell: Shell): void {
  const sources = program.command('event-sources').description('who may send events');

  apiCommand(sources, 'list', 'list the event sources').action(async (_options, command: Command) => {
    const session = sessionOf(shell, command);
    const list = await session.api.json(eventSourceList, { path: 'event-sources' });
    session.print(list, () =>
      table(
        [
          { title: 'SOURCE', of: ({ name }) => name },
          { title: 'AUTH', of: ({ auth }) => auth },
          { title: 'ADDRESS', of: ({ address }) => address },
        ],
        list.eventSources,
      ),
    );
  });

  apiCommand(sources, 'add <source>', 'let somebody send events, or make a new secret')
    .option('--signature', 'senders sign what they send instead of showing the secret')
    .action(async (name: string, { signature }: { signature?: boolean }, command: Command) => {
      const session = sessionOf(shell, command);
      const source = await session.api.json(eventSourceSecret, {
        method: 'PUT',
        path: `event-sources/${part(name)}`,
        body: { auth: signature ? 'signature' : 'key' },
      });
      session.print(source, () =>
        details([
          ['address', source.address],
          ['secret', source.secret],
        ]),
      );
    });

  apiCommand(sources, 'remove <source>', 'refuse the events of a source').action(
    async (name: string, _options, command: Command) => {
      const session = sessionOf(shell, command);
      await session.api.json(z.unknown(), { method: 'DELETE', path: `event-sources/${part(name)}` });
      session.print({ removed: name }, () => `${name} is removed.`);
    },
  );
}
