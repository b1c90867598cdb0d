import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { heldSessions } from '../../contracts/console';
import { AgentError } from '../errors';
import { lockHolder } from '../identity/data-lock';
import { leftSessions } from '../session/left-sessions';
import type { HeldSession } from '../../contracts/console';
import { ConsoleClient } from './console-client';

interface Options {
  data: string;
}

/** What is said of sessions, to whom, and how a question is answered. */
export interface SessionCommandOptions {
  dataDir: string;
  say: (line: string) => void;
  /** @returns the answer; undefined where nobody can be asked. */
  ask?: (question: string) => Promise<string | undefined>;
}

/** `attendant-agent sessions list | end`: the sessions that the agent holds on this machine. */
export function addSessionCommands(program: Command, options: SessionCommandOptions): void {
  const { dataDir, say, ask = askAtTerminal } = options;
  const dataOption = ['--data <folder>', 'folder of the agent', dataDir] as const;
  const sessions = program
    .command('sessions')
    .description(
      'the sessions that the agent holds on this machine: those of runs, and those kept for reuse',
    );

  sessions
    .command('list')
    .description('list them: those of all users for whoever the agent runs as, else your own')
    .option('--json', 'machine-readable')
    .option(...dataOption)
    .action(async ({ data, json }: Options & { json?: boolean }) => {
      const running = (await lockHolder(data)) !== undefined;
      const found = running ? await held(await ConsoleClient.open(data)) : await leftSessions(data);
      if (json) return say(JSON.stringify(found));
      if (!running) say('The agent does not run. Its next start ends these, but for those that are kept:');
      for (const session of found) say(lineOf(session));
      if (found.length === 0) say('None.');
    });

  sessions
    .command('end <id>')
    .description('end one of them, by its id or its display; a run in it fails')
    .option('--force', 'ask nothing')
    .option(...dataOption)
    .action(async (id: string, { data, force = false }: Options & { force?: boolean }) => {
      const client = await ConsoleClient.open(data);
      const found = (await held(client)).find((session) => session.id === id || session.display === id);
      if (!found) {
        throw new AgentError('SessionNotFound', `The agent holds no session "${id}".`, {
          remedy: 'attendant-agent sessions list shows those there are.',
        });
      }
      const sure = force || found.state === 'kept' || (await confirmed(found, ask));
      if (!sure) throw new AgentError('RunNotEnded', 'Nothing was ended.', { remedy: 'Give --force.' });
      const path = `sessions/${encodeURIComponent(found.id)}`;
      await client.send({ method: 'POST', path, body: { force: found.state === 'used' } });
      say(`The session of ${found.user} is ended.`);
    });
}

async function held(client: ConsoleClient): Promise<HeldSession[]> {
  return (await client.json(heldSessions, { method: 'GET', path: 'sessions' })).sessions;
}

async function confirmed(
  { user, run = 'a run' }: HeldSession,
  ask: (question: string) => Promise<string | undefined>,
): Promise<boolean> {
  const answer = await ask(`${run} is in the session of ${user} and will fail. End it? [y/N] `);
  return /^y(es)?$/i.test(answer?.trim() ?? '');
}

async function askAtTerminal(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

function lineOf({ id, user, display, state, run, since }: HeldSession): string {
  const what = run === undefined ? state : `${state} by ${run}`;
  return [id, user, display, what, `since ${since}`].filter(Boolean).join('  ');
}
