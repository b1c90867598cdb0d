import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { WorkerJob } from '../../contracts/worker-protocol';
import { AgentError } from '../errors';
import type { FlowCommand } from './flow-command';
import { findProgram, isFile } from './programs';

/*
 * Power Automate for desktop, started by its run URL (Microsoft, "Run desktop flows via URL or desktop shortcuts"). Its console takes the
 * URL and ends at once; that the flow has ended, and with what, the flow itself says in the message file (docs/runners.md).
 */

const CONSOLE = 'PAD.Console.Host.exe';
/** Where its installer puts it. */
const INSTALLED = ['Power Automate Desktop', String.raw`Power Automate Desktop\dotnet`].map(
  (folder) => String.raw`C:\Program Files (x86)` + `\\${folder}\\${CONSOLE}`,
);

/** Input variables of the flow that are the agent's: where it writes its messages and artifacts, and what a checkpoint looks for. */
interface OwnInputs {
  AttendantMessages: string;
  AttendantArtifacts: string;
  AttendantStop: string;
}

export interface PadRun {
  /** Name of the desktop flow, or its id (a GUID). */
  entry: string;
  runId: string;
  environmentId?: string | undefined;
  inputs: Record<string, unknown>;
  own: OwnInputs;
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The run URL. Its values are percent-encoded, the inputs as one JSON object. */
export function padRunUrl({ entry, runId, environmentId, inputs, own }: PadRun): string {
  const query = {
    ...(environmentId === undefined ? {} : { environmentId }),
    ...(guid.test(entry) ? { workflowId: entry } : { workflowName: entry }),
    runId,
    inputArguments: JSON.stringify({ ...inputs, ...own }),
  };
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `ms-powerautomate:/console/flow/run?${pairs.join('&')}`;
}

/** A GUID that is the same at every look at the run: Power Automate names the folder of its own log after it. */
export function padRunId(run: string): string {
  const hex = Buffer.from(run).toString('hex').slice(-32).padStart(32, '0');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

export async function padHost(searchPath: string): Promise<string | undefined> {
  for (const file of INSTALLED) if (await isFile(file)) return file;
  return findProgram(CONSOLE, searchPath);
}

/** @throws AgentError RunnerNotAvailable in an unattended run: run URLs are for somebody who is signed in. */
export async function padCommand(job: WorkerJob, program: string): Promise<FlowCommand> {
  const { manifest, mode, run, inputsFile, helpersFolder, messagesFile, stopFile, artifactsFolder } = job;
  if (mode === 'unattended') {
    throw new AgentError(
      'RunnerNotAvailable',
      'Power Automate for desktop takes run URLs in attended runs only.',
    );
  }
  const url = padRunUrl({
    entry: manifest.entry,
    runId: padRunId(run),
    environmentId: manifest.args?.[0],
    inputs: JSON.parse(await readFile(inputsFile, 'utf8')) as Record<string, unknown>,
    own: { AttendantMessages: messagesFile, AttendantArtifacts: artifactsFolder, AttendantStop: stopFile },
  });
  return { program: process.execPath, args: [path.join(helpersFolder, 'pad', 'run-pad.js'), program, url] };
}
