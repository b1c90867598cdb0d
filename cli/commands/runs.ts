import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { addControlCommands } from './run-control';
import { runActions } from '../../contracts/api-run-actions';
import { actionsText, cloudRunText, desktopRunText } from '../run-text';
import { artifactList, cancelAccepted, runLog, runView, type RunView } from '../../contracts/api-runs';
import { apiCommand, examples, part, sessionOf, type Session } from '../command';
import { addRunListCommands } from './run-lists';
import type { Shell } from '../shell';
import { bytes, instant, table } from '../text';

const FOLLOW_MS = 500;

interface ShowOptions {
  actions?: string | true;
  continuation?: string;
}

/** `attendant runs …` */
export function addRunCommands(program: Command, shell: Shell): void {
  const runs = program.command('runs').description('runs of cloud flows and of their desktop flows');

  addRunListCommands(runs, shell);

  const show = apiCommand(runs, 'show <run>', 'show a run: its states, actions, outputs or error')
    .option('--actions [parent]', 'what its actions were given and gave; of a scope or loop when it is named')
    .option('--continuation <text>', 'go on where an earlier list of actions ended')
    .action(async (run: string, options: ShowOptions, command: Command) => {
      const session = sessionOf(shell, command);
      if (options.actions !== undefined) return showActions(session, run, options);
      const view = await getRun(session, run);
      session.print(view, () =>
        view.kind === 'cloud' ? cloudRunText(view, session.utc) : desktopRunText(view, session.utc),
      );
    });
  examples(show, "attendant runs show 01JD0000000000000000000000 --actions 'Loop[3]'");

  apiCommand(runs, 'cancel <run>', 'cancel a run, queued or running')
    .option('--reason <text>', 'shown with the run')
    .action(async (run: string, options: { reason?: string }, command: Command) => {
      const session = sessionOf(shell, command);
      const answer = await session.api.json(cancelAccepted, {
        method: 'POST',
        path: `runs/${part(run)}/cancel`,
        body: options,
      });
      session.print(answer, () => `${run} is being cancelled.`);
    });

  addControlCommands(runs, shell);

  const logs = apiCommand(
    runs,
    'logs <run>',
    'show the log of a run: of a cloud flow, those of all its desktop flows',
  )
    .option('-f, --follow', 'go on until the run ends')
    .action(async (run: string, options: { follow?: boolean }, command: Command) => {
      const session = sessionOf(shell, command);
      await (run.includes('-') ? showLog(session, run, options) : showLogsOf(session, run, options));
    });
  examples(logs, 'attendant runs logs 01JD0000000000000000000000 --follow');

  apiCommand(runs, 'artifacts <run>', 'list or download the files that a run left behind')
    .option('--save <folder>', 'write them into this folder')
    .action(async (run: string, options: { save?: string }, command: Command) => {
      const session = sessionOf(shell, command);
      const list = await session.api.json(artifactList, { path: `runs/${part(run)}/artifacts` });
      if (options.save !== undefined) await save(session, list.artifacts, resolve(shell.cwd, options.save));
      session.print(list, () =>
        table(
          [
            { title: 'RUN', of: (file) => file.run },
            { title: 'SIZE', of: (file) => bytes(file.bytes) },
            { title: 'NAME', of: (file) => file.name, flexible: true },
          ],
          list.artifacts,
        ),
      );
    });
}

async function showActions(session: Session, run: string, options: ShowOptions): Promise<void> {
  const { actions, continuation } = options;
  const parent = typeof actions === 'string' ? actions : undefined;
  const query = { parent, continuation };
  const page = await session.api.json(runActions, { path: `runs/${part(run)}/actions`, query });
  session.print(page, () => actionsText(page, session.utc));
}

function getRun({ api }: Session, run: string): Promise<RunView> {
  return api.json(runView, { path: `runs/${part(run)}` });
}

/** The logs of all desktop-flow runs of a cloud-flow run, one after the other; with `follow` also those that come later. */
async function showLogsOf(session: Session, run: string, options: { follow?: boolean }): Promise<void> {
  const done = new Set<string>();
  for (;;) {
    const view = await getRun(session, run);
    if (view.kind !== 'cloud') return;
    const next = view.children.find((child) => !done.has(child.run));
    if (next) {
      done.add(next.run);
      if (!session.json) session.shell.err(`--- ${next.run} ${next.desktopFlow ?? ''}`.trimEnd());
      await showLog(session, next.run, options);
    } else if (!options.follow || view.endedAt !== undefined) return;
    else await session.shell.pause(FOLLOW_MS);
  }
}

/** With --json one line of JSON for each log line. */
async function showLog(session: Session, run: string, options: { follow?: boolean }): Promise<void> {
  for (let after = 0; ;) {
    const log = await session.api.json(runLog, {
      path: `runs/${part(run)}/logs`,
      query: { after: String(after) },
    });
    for (const line of log.lines) {
      const mark = line.stream === 'out' ? ' ' : line.stream === 'err' ? '!' : '*';
      const text = `${(instant(line.at, session.utc) ?? '').slice(11)} ${mark} ${line.text}`;
      session.shell.out(session.json ? JSON.stringify({ run, ...line }) : text);
    }
    if (log.complete || (!options.follow && log.lines.length === 0)) return;
    if (log.lines.length === 0) await session.shell.pause(FOLLOW_MS);
    after = log.next;
  }
}

async function save(session: Session, files: { run: string; name: string }[], folder: string): Promise<void> {
  for (const { run, name } of files) {
    const content = await session.api.bytes({ path: `runs/${part(run)}/artifacts/${part(name)}` });
    const target = join(folder, run);
    mkdirSync(target, { recursive: true });
    // A name that Windows would not take, or that holds a path, is written with its odd characters encoded.
    const path = join(
      target,
      name.replace(/[\\/:*?"<>|]/g, (character) => encodeURIComponent(character)),
    );
    writeFileSync(path, content);
    session.shell.err(path);
  }
}
