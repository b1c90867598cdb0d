import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { flowList, flowView, runAccepted, type FlowView } from '../../contracts/api-flows';
import { everyAction } from '../../domain/flows/action-tree';
import { apiCommand, examples, part, sessionOf, type Session } from '../command';
import { exitCodeOf, followRun } from '../follow-run';
import { buildInput, buildParameters } from '../inputs';
import { cloudRunText } from '../run-text';
import type { Shell } from '../shell';
import { addFlowSetCommands } from './flow-sets';
import { details, instant, table } from '../text';
import { addTriggerCommands } from './triggers';

interface RunOptions {
  input: string[];
  inputJson?: string;
  parameter: string[];
  idempotencyKey?: string;
  wait?: boolean;
}

/** `attendant flows …`. @param end told the exit code of a run that was waited for. */
export function addFlowCommands(program: Command, shell: Shell, end: (exitCode: number) => void): void {
  const flows = program.command('flows').description('cloud flows');
  addTriggerCommands(flows, shell);

  apiCommand(flows, 'list', 'list the cloud flows').action(async (_options, command: Command) => {
    const session = sessionOf(shell, command);
    const list = await session.api.json(flowList, { path: 'flows' });
    session.print(list, () =>
      table(
        [
          { title: 'FLOW', of: (flow) => flow.name },
          { title: 'TRIGGER', of: (flow) => flow.trigger },
          { title: 'UPDATED', of: (flow) => instant(flow.updatedAt, session.utc) },
          { title: 'DESCRIPTION', of: (flow) => flow.description, flexible: true },
        ],
        list.flows,
      ),
    );
  });

  apiCommand(flows, 'show <flow>', 'show a cloud flow and its inputs').action(
    async (name: string, _options, command: Command) => {
      const session = sessionOf(shell, command);
      const flow = await getFlow(session, name);
      session.print(flow, () => flowText(flow, session.utc));
    },
  );

  const run = apiCommand(flows, 'run <flow>', 'start a run of a cloud flow')
    .option('--input <name=value>', 'one input; name=@file uploads the file (may be repeated)', collect, [])
    .option('--input-json <json>', 'all inputs as a JSON object, or @file with one')
    .option(
      '--parameter <name=value>',
      "a value for one of the flow's parameters (may be repeated)",
      collect,
      [],
    )
    .option('--idempotency-key <key>', 'the same key never starts two runs')
    .option('--wait', 'wait for the end; the exit code tells how it ended')
    .action(async (name: string, options: RunOptions, command: Command) => {
      const session = sessionOf(shell, command);
      const run = await startRun(session, name, options);
      if (!options.wait) {
        session.print(run, () => `${run.run}\nattendant runs show ${run.run}`);
        return;
      }
      const view = await followRun(session, run.run);
      session.print(view, () => cloudRunText(view, session.utc));
      end(exitCodeOf(view.status));
    });
  examples(
    run,
    'attendant flows run process-invoices --input csv=@invoices.csv --wait',
    'attendant flows run report --input month=7 --idempotency-key report-2026-07',
    'attendant flows run report --input-json @inputs.json --json',
    'attendant flows run report --parameter region=eu --parameter limit=5',
  );

  addFlowSetCommands(flows, shell, end);
}

async function startRun(session: Session, name: string, options: RunOptions) {
  const flow = await getFlow(session, name);
  const attended = everyAction(flow.definition.actions).some(
    ({ action }) => action.type === 'DesktopFlow' && action.inputs.mode === 'attended',
  );
  // Row E2. Not on standard output, which programs read.
  if (attended) session.shell.err('It runs attended: do not interact with the device while it runs.');
  const body = await buildInput({ ...options, cwd: session.shell.cwd }, flow, session.api);
  // Our own key makes the start safe to repeat for whoever sends it again, such as a proxy.
  const key = options.idempotencyKey ?? randomUUID();
  return session.api.json(runAccepted, {
    method: 'POST',
    path: `flows/${part(name)}/run`,
    query: { parameters: buildParameters(options.parameter, flow) },
    headers: { 'idempotency-key': key },
    body,
  });
}

function getFlow({ api }: Session, name: string): Promise<FlowView> {
  return api.json(flowView, { path: `flows/${part(name)}` });
}

function flowText(flow: FlowView, utc: boolean): string {
  const head = details([
    ['flow', flow.name],
    ['about', flow.description],
    ['trigger', flow.trigger],
    ['state', flow.disabled ? `disabled by ${flow.disabled.by} (${flow.disabled.reason})` : flow.state],
    ['updated', instant(flow.updatedAt, utc)],
    ['actions', Object.keys(flow.definition.actions).join(', ')],
  ]);
  return flow.inputs ? `${head}\n\ninputs:\n${JSON.stringify(flow.inputs, null, 2)}` : head;
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}
