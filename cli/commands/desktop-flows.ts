import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { parse } from 'yaml';
import { z } from 'zod';
import { desktopFlowList, desktopFlowView } from '../../contracts/api-flows';
import { apiCommand, examples, part, sessionOf } from '../command';
import { readFile } from '../inputs';
import { CliError, exitCodes, type Shell } from '../shell';
import { instant, table } from '../text';
import { zipFolder } from '../zip-folder';

/** `attendant desktop-flows …` */
export function addDesktopFlowCommands(program: Command, shell: Shell): void {
  const flows = program.command('desktop-flows').description('desktop flows: what agents execute');

  apiCommand(flows, 'list', 'list the published desktop flows').action(async (_options, command: Command) => {
    const session = sessionOf(shell, command);
    const list = await session.api.json(desktopFlowList, { path: 'desktop-flows' });
    session.print(list, () =>
      table(
        [
          { title: 'DESKTOP FLOW', of: (flow) => flow.name },
          { title: 'VERSION', of: (flow) => flow.version },
          { title: 'RUNNER', of: (flow) => flow.runner },
          { title: 'PUBLISHED', of: (flow) => instant(flow.updatedAt, session.utc) },
          { title: 'DESCRIPTION', of: (flow) => flow.description, flexible: true },
        ],
        list.desktopFlows,
      ),
    );
  });

  const publish = apiCommand(
    flows,
    'publish <folder>',
    'publish a folder that has a desktop-flow.yaml',
  ).action(async (given: string, _options, command: Command) => {
    const session = sessionOf(shell, command);
    const folder = resolve(shell.cwd, given);
    const name = manifestName(folder);
    const flow = await session.api.json(desktopFlowView, {
      method: 'PUT',
      path: `desktop-flows/${part(name)}`,
      bytes: await zipFolder(folder),
    });
    session.print(flow, () => `${flow.name} ${flow.version} is published (${flow.package.slice(0, 12)}).`);
  });
  examples(publish, 'attendant desktop-flows publish ./invoices');
}

/** The host checks the rest of the manifest; the name is needed for the address. */
function manifestName(folder: string): string {
  const path = join(folder, 'desktop-flow.yaml');
  if (!existsSync(path)) {
    throw new CliError(`${folder} has no desktop-flow.yaml.`, { exitCode: exitCodes.usage });
  }
  const content = readFile(path).toString('utf8');
  try {
    return z.looseObject({ name: z.string() }).parse(parse(content)).name;
  } catch (cause) {
    const said =
      cause instanceof z.ZodError ? z.prettifyError(cause) : cause instanceof Error ? cause.message : '';
    throw new CliError(`${path} is not valid: ${said}`, { exitCode: exitCodes.usage });
  }
}
