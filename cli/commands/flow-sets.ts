import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { flowList, flowSetResult, flowView, type FlowSetResult } from '../../contracts/api-flows';
import { apiCommand, examples, part, sessionOf, type Session } from '../command';
import { problemsText, readFlowFiles, type FlowFile } from '../flow-files';
import { CliError, exitCodes, type Shell } from '../shell';
import { table } from '../text';

/** `attendant flows validate|apply|export|import`: definitions as files. @param end told the exit code. */
export function addFlowSetCommands(flows: Command, shell: Shell, end: (exitCode: number) => void): void {
  const validate = flows
    .command('validate <path>')
    .description('check the flow definitions of a file or folder, without a host')
    .option('--json', 'print the problems as JSON')
    .action((path: string, options: { json?: boolean }) => {
      const { problems, files } = readFlowFiles(shell.cwd, path);
      const wrong = new Set(problems.map(({ file }) => file)).size;
      if (options.json) shell.out(JSON.stringify({ files, problems }, null, 2));
      else if (problems.length === 0) shell.out(`${counted(files, 'file')}: all right.`);
      else
        shell.out(
          `${problemsText(problems)}\n${counted(problems.length, 'problem')} in ${wrong} of ${counted(files, 'file')}.`,
        );
      if (problems.length > 0) end(exitCodes.failed);
    });
  examples(validate, 'attendant flows validate flows/');

  const apply = apiCommand(
    flows,
    'apply <path>',
    'make the definitions of a file or folder the current ones: all or none',
  )
    .option('--dry-run', 'only show what would be changed')
    .option('--prune', 'delete the flows that are not in the folder')
    .action(async (path: string, options: { dryRun?: boolean; prune?: boolean }, command: Command) => {
      const files = requireValid(shell, path);
      const session = sessionOf(shell, command);
      const result = await applySet(session, files, options);
      session.print(result, () => changesText(result));
    });
  examples(
    apply,
    'attendant flows apply my-flow.json',
    'attendant flows apply flows/ --dry-run',
    'attendant flows apply flows/ --prune',
  );

  const export_ = apiCommand(
    flows,
    'export <folder>',
    'write all cloud flows into a folder, one JSON file each',
  ).action(async (folder: string, _options, command: Command) => {
    const session = sessionOf(shell, command);
    const list = await session.api.json(flowList, { path: 'flows' });
    const target = resolve(shell.cwd, folder);
    mkdirSync(target, { recursive: true });
    const written: string[] = [];
    for (const { name } of list.flows) {
      const { definition } = await session.api.json(flowView, { path: `flows/${part(name)}` });
      writeDefinition(target, definition);
      written.push(`${name}.json`);
    }
    session.print(
      { folder, files: written },
      () => `${counted(written.length, 'flow')} written to ${folder}.`,
    );
  });
  examples(export_, 'attendant flows export flows/');

  const import_ = flows
    .command('import <path> <folder>')
    .description('convert cloud flows that Power Automate exported (JSON) and write them into a folder')
    .action((path: string, folder: string) => {
      const files = requireValid(shell, path);
      const target = resolve(shell.cwd, folder);
      mkdirSync(target, { recursive: true });
      for (const { definition } of files) writeDefinition(target, definition);
      shell.out(
        files
          .map(({ file, definition }) => `${file} → ${join(folder, `${definition.name}.json`)}`)
          .join('\n'),
      );
    });
  examples(import_, 'attendant flows import exported/definition.json flows/');
}

/** Definitions that are all valid. @throws CliError that lists every problem of every file: then nothing is applied or written. */
function requireValid(shell: Shell, path: string): FlowFile[] {
  const { flows, problems } = readFlowFiles(shell.cwd, path);
  if (problems.length === 0) return flows;
  throw new CliError(`Nothing was done:\n${problemsText(problems)}`, { problem: { problems } });
}

function applySet(
  { api }: Session,
  files: readonly FlowFile[],
  { dryRun = false, prune = false }: { dryRun?: boolean; prune?: boolean },
): Promise<FlowSetResult> {
  const definitions = files.map(({ definition }) => definition);
  return api.json(flowSetResult, {
    method: 'PUT',
    path: 'flows',
    body: { flows: definitions, prune, dryRun },
  });
}

function changesText({ applied, changes }: FlowSetResult): string {
  const rows = table(
    [
      { title: applied ? 'DONE' : 'PLAN', of: ({ change }) => (change === 'none' ? 'unchanged' : change) },
      { title: 'FLOW', of: ({ name }) => name },
      { title: 'BEFORE', of: ({ was }) => was?.slice(0, 12) },
      { title: 'AFTER', of: ({ hash }) => hash?.slice(0, 12) },
    ],
    changes,
  );
  return applied ? rows : `${rows}\nNothing was changed: this is a dry run.`;
}

function writeDefinition(folder: string, definition: { name: string }): void {
  writeFileSync(join(folder, `${definition.name}.json`), `${JSON.stringify(definition, null, 2)}\n`);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
