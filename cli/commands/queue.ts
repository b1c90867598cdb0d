import type { Command } from 'commander';
import type { z } from 'zod';
import { queueView, type QueueView } from '../../contracts/api-machines';
import { queueCommandAnswer, type queuePatch } from '../../contracts/queues';
import { apiCommand, examples, part, sessionOf, type Session } from '../command';
import { queueText } from '../queue-text';
import { CliError, exitCodes, type Shell } from '../shell';

/** How long a host that went away while one watches is given to come back (ms). */
const AWAY_MS = 60_000;
const RETRY_MS = 1_000;
const CLEAR = '\u001b[2J\u001b[H';

/** `attendant queue …`: the queue of a machine (m-…) or a machine group (g-…). */
export function addQueueCommands(program: Command, shell: Shell): void {
  const queue = program.command('queue').description('run queues of machines (m-…) and groups (g-…)');

  apiCommand(queue, 'show <queue>', 'show the order of execution and why each run waits').action(
    async (id: string, _options, command: Command) => {
      const session = sessionOf(shell, command);
      const view = await session.api.json(queueView, { path: pathOf(id) });
      session.print(view, () => queueText(view, session));
    },
  );

  const priority = apiCommand(queue, 'priority <queue> <run> <priority>', 'high, normal or low').action(
    async (id: string, run: string, given: string, _options, command: Command) =>
      patch(sessionOf(shell, command), id, run, { priority: given as 'high' }),
  );
  examples(
    priority,
    'attendant queue priority m-01jd0000000000000000000000 01JD0000000000000000000000-1 high',
  );

  apiCommand(queue, 'top <queue> <run>', 'move a waiting run to the top').action(
    async (id: string, run: string, _options, command: Command) =>
      patch(sessionOf(shell, command), id, run, { position: 'top' }),
  );
  apiCommand(queue, 'undo <queue> <run>', 'move it back to its place').action(
    async (id: string, run: string, _options, command: Command) =>
      patch(sessionOf(shell, command), id, run, { undo: true }),
  );

  apiCommand(queue, 'release <machine>', 'free a machine by hand: its runs end, its agent is told to stop')
    .requiredOption('--reason <text>', 'kept with the queue')
    .action(async (id: string, options: { reason: string }, command: Command) => {
      const session = sessionOf(shell, command);
      const path = `machines/${part(id)}/queue/release`;
      const answer = await session.api.json(queueCommandAnswer, { method: 'POST', path, body: options });
      printAnswer(session, answer);
    });

  const watch = apiCommand(queue, 'watch <queue>', 'show the queue live')
    .option('--until-idle', 'end when nothing runs and nothing waits')
    .action(async (id: string, options: { untilIdle?: boolean }, command: Command) =>
      watchQueue(sessionOf(shell, command), id, options.untilIdle === true),
    );
  examples(watch, 'attendant queue watch m-01jd0000000000000000000000');
}

function pathOf(id: string): string {
  return `${id.startsWith('g-') ? 'machine-groups' : 'machines'}/${part(id)}/queue`;
}

async function patch(
  session: Session,
  id: string,
  run: string,
  body: z.input<typeof queuePatch>,
): Promise<void> {
  const path = `${pathOf(id)}/${part(run)}`;
  printAnswer(session, await session.api.json(queueCommandAnswer, { method: 'PATCH', path, body }));
}

function printAnswer(session: Session, answer: z.infer<typeof queueCommandAnswer>): void {
  session.print(answer, () => ('waiting' in answer ? queueText(answer, session) : 'Accepted, not done yet.'));
}

/** Redraws at every change. A restart of the host in between is waited for. */
async function watchQueue(session: Session, id: string, untilIdle: boolean): Promise<void> {
  const { api, shell } = session;
  for (let lastMs = shell.now(); ;) {
    try {
      for await (const { name, data } of api.events({
        path: 'stream',
        query: { ...named(id), view: 'queue' },
      })) {
        lastMs = shell.now();
        const view = name === 'queue' ? queueView.safeParse(data) : undefined;
        if (!view?.success) continue;
        draw(session, view.data);
        if (untilIdle && view.data.running.length + view.data.waiting.length === 0) return;
      }
    } catch (cause) {
      const away =
        cause instanceof TypeError ||
        (cause instanceof CliError && cause.more.exitCode === exitCodes.unreachable);
      if (!away || shell.now() - lastMs > AWAY_MS) throw cause;
    }
    await shell.pause(RETRY_MS);
  }
}

function named(id: string): Record<string, string> {
  return id.startsWith('g-') ? { queue: id } : { machine: id };
}

function draw({ shell, json, utc }: Session, view: QueueView): void {
  if (json) shell.out(JSON.stringify(view));
  else
    shell.out(`${shell.interactive ? CLEAR : ''}${queueText(view, { utc })}${shell.interactive ? '' : '\n'}`);
}
