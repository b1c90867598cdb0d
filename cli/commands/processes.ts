import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { parse } from 'yaml';
import { caseList, caseView, processDefinition, processList, type CaseView } from '../../contracts/processes';
import { apiCommand, examples, part, sessionOf, type Session } from '../command';
import { CliError, exitCodes, type Shell } from '../shell';
import { details, instant, table } from '../text';

/** `attendant processes …` (row A4) */
export function addProcessCommands(program: Command, shell: Shell): void {
  const processes = program
    .command('processes')
    .description('business process flows: stages that people take cases through');

  apiCommand(processes, 'list', 'list the business process flows').action(
    async (_options, command: Command) => {
      const session = sessionOf(shell, command);
      const list = await session.api.json(processList, { path: 'processes' });
      session.print(list, () =>
        table(
          [
            { title: 'PROCESS', of: ({ name }) => name, flexible: true },
            { title: 'STAGES', of: ({ stages }) => stages.join(' → ') },
          ],
          list.processes,
        ),
      );
    },
  );

  const put = apiCommand(processes, 'put <file>', 'create or change one from a JSON or YAML file').action(
    async (file: string, _options, command: Command) => {
      const session = sessionOf(shell, command);
      const given = parse(readFileSync(resolve(shell.cwd, file), 'utf8')) as { name?: unknown } | null;
      if (typeof given?.name !== 'string') {
        throw new CliError(`${file} names no process.`, { exitCode: exitCodes.usage });
      }
      const path = `processes/${part(given.name)}`;
      const stored = await session.api.json(processDefinition, { method: 'PUT', path, body: given });
      session.print(stored, () => `${stored.name} is stored.`);
    },
  );
  examples(put, 'attendant processes put orders.yaml');

  apiCommand(processes, 'delete <process>', 'delete one; its cases go on').action(
    async (name: string, _options, command: Command) => {
      const session = sessionOf(shell, command);
      await session.api.done({ method: 'DELETE', path: `processes/${part(name)}` });
      session.print({ deleted: name }, () => `${name} is deleted.`);
    },
  );

  apiCommand(processes, 'cases <process>', 'list the cases, latest first')
    .option('--state <state>', 'open, leaving, finished or abandoned')
    .action(async (name: string, options: { state?: string }, command: Command) => {
      const session = sessionOf(shell, command);
      const query = options.state === undefined ? '' : `?state=${encodeURIComponent(options.state)}`;
      const list = await session.api.json(caseList, { path: `processes/${part(name)}/cases${query}` });
      session.print(list, () =>
        table(
          [
            { title: 'CASE', of: ({ id }) => id },
            { title: 'TITLE', of: ({ title }) => title, flexible: true },
            { title: 'STAGE', of: ({ stage }) => stage },
            { title: 'STATE', of: ({ state }) => state },
            { title: 'BEGAN', of: ({ createdAt }) => instant(createdAt, session.utc) },
          ],
          list.cases,
        ),
      );
    });

  apiCommand(processes, 'case <process> <case>', 'show a case').action(
    async (name: string, id: string, _options, command: Command) => {
      const session = sessionOf(shell, command);
      show(session, await session.api.json(caseView, { path: casePath(name, id) }));
    },
  );

  const begin = apiCommand(processes, 'begin <process>', 'begin a case')
    .option('--title <text>', 'what people call it', '')
    .option('--data <json>', 'pieces of data', '{}')
    .action(async (name: string, options: { title: string; data: string }, command: Command) => {
      const session = sessionOf(shell, command);
      const body = { title: options.title, data: json(options.data) };
      const path = `processes/${part(name)}/cases`;
      show(session, await session.api.json(caseView, { method: 'POST', path, body }));
    });
  examples(begin, `attendant processes begin orders --title 'Order 4711' --data '{"customer":"Contoso"}'`);

  apiCommand(processes, 'set <process> <case> <json>', 'change pieces of data; null removes one').action(
    async (name: string, id: string, text: string, _options, command: Command) => {
      const session = sessionOf(shell, command);
      const body = { data: json(text) };
      show(session, await session.api.json(caseView, { method: 'PATCH', path: casePath(name, id), body }));
    },
  );

  for (const [verb, about] of [
    ['advance', 'take a case into its next stage'],
    ['back', 'take a case back into the stage before'],
    ['abandon', 'end a case without going through'],
  ] as const) {
    apiCommand(processes, `${verb} <process> <case>`, about)
      .option('--reason <text>', 'kept in the history of the case')
      .action(async (name: string, id: string, options: { reason?: string }, command: Command) => {
        const session = sessionOf(shell, command);
        const path = `${casePath(name, id)}/${verb}`;
        show(session, await session.api.json(caseView, { method: 'POST', path, body: options }));
      });
  }

  apiCommand(processes, 'run <process> <case> <flow>', 'run a flow of the stage').action(
    async (name: string, id: string, flow: string, _options, command: Command) => {
      const session = sessionOf(shell, command);
      const path = `${casePath(name, id)}/run`;
      show(session, await session.api.json(caseView, { method: 'POST', path, body: { flow } }));
    },
  );
}

function casePath(process: string, id: string): string {
  return `processes/${part(process)}/cases/${part(id)}`;
}

/** @throws CliError when the text is no JSON. */
function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CliError(`This is no JSON: ${text}`, { exitCode: exitCodes.usage });
  }
}

function show(session: Session, view: CaseView): void {
  session.print(view, () => caseText(view, session.utc));
}

function caseText(view: CaseView, utc: boolean): string {
  const head = details([
    ['case', view.id],
    ['title', view.title],
    ['state', view.state],
    ['stage', view.stages.map((stage) => (stage === view.stage ? `[${stage}]` : stage)).join(' → ')],
    ['waits for', view.missing.join('; ')],
    ['data', JSON.stringify(view.data)],
  ]);
  const runs = table(
    [
      { title: 'STAGE', of: ({ stage }) => stage },
      { title: 'FLOW', of: ({ flow }) => flow },
      { title: 'STATE', of: ({ state }) => state },
      { title: 'RUN', of: ({ run }) => run },
    ],
    view.runs,
  );
  const history = view.history.map(
    ({ at, by, what, stage, reason }) =>
      `  ${instant(at, utc) ?? ''}  ${by} ${what} (${stage})${reason === undefined ? '' : `: ${reason}`}`,
  );
  return [head, ...(view.runs.length > 0 ? [runs] : []), `history\n${history.join('\n')}`].join('\n\n');
}
