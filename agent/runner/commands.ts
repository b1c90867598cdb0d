import { chmod } from 'node:fs/promises';
import path from 'node:path';
import type { DesktopFlowManifest } from '../../contracts/desktop-flow';
import type { WorkerJob } from '../../contracts/worker-protocol';
import { AgentError } from '../errors';
import type { FlowCommand } from './flow-command';
import { padCommand, padHost } from './pad';
import { findFirst, findProgram, insideFolder, isFile } from './programs';

type Kind = DesktopFlowManifest['runner'];

/** One kind of desktop flows (row L5): what has to be installed for it, and what is run. */
interface FlowRunner {
  /** @returns the program, or undefined when it is not on this machine. */
  find(searchPath: string): Promise<string | undefined>;
  /** What to install, for people. */
  needs: string;
  command(job: WorkerJob, program: string): Promise<FlowCommand>;
}

const windows = process.platform === 'win32';

const runners: Record<Kind, FlowRunner> = {
  exec: {
    find: async () => 'anything',
    needs: 'nothing',
    command: async (job) => ({ program: await executable(job), args: argsOf(job) }),
  },
  node: {
    find: async () => process.execPath,
    needs: 'nothing',
    command: async (job, program) => ({ program, args: [await entryFile(job), ...argsOf(job)] }),
  },
  python: {
    find: (searchPath) => findFirst(windows ? ['python.exe', 'py.exe'] : ['python3', 'python'], searchPath),
    needs: 'Python 3',
    command: async (job, program) => ({ program, args: [await entryFile(job), ...argsOf(job)] }),
  },
  powershell: {
    find: (searchPath) => findFirst(windows ? ['pwsh.exe', 'powershell.exe'] : ['pwsh'], searchPath),
    needs: 'PowerShell',
    command: async (job, program) => ({
      program,
      args: [
        '-NoLogo',
        '-NoProfile',
        '-NonInteractive',
        // The package came from the control plane and its hash was compared: no policy of the machine knows more.
        ...(windows ? ['-ExecutionPolicy', 'Bypass'] : []),
        '-File',
        await entryFile(job),
        ...argsOf(job),
      ],
      env: {
        PSModulePath: [path.join(job.helpersFolder, 'powershell'), job.env['PSModulePath']]
          .filter(Boolean)
          .join(path.delimiter),
      },
    }),
  },
  robot: {
    find: (searchPath) => findProgram(windows ? 'robot.exe' : 'robot', searchPath),
    needs: 'Robot Framework',
    command: async (job, program) => {
      // One file: it listens, knows the inputs as variables, and is a library of keywords.
      const library = path.join(job.helpersFolder, 'python', 'AttendantLibrary.py');
      const ours = ['--listener', library, '--variablefile', library, '--outputdir', job.artifactsFolder];
      return { program, args: [...ours, ...argsOf(job), await entryFile(job)] };
    },
  },
  pad: { find: padHost, needs: 'Power Automate for desktop', command: padCommand },
};

/**
 * @throws AgentError RunnerNotAvailable (program missing, or the mode does not suit), InvalidPackage (entry missing),
 * ElevationNotAllowed (row C3).
 */
export async function flowCommand(job: WorkerJob): Promise<FlowCommand> {
  const { manifest, env } = job;
  if (manifest.elevated) {
    throw new AgentError('ElevationNotAllowed', 'desktop-flow.yaml has "elevated: true".');
  }
  const runner = runners[manifest.runner];
  const program = await runner.find(env['PATH'] ?? '');
  if (!program) {
    throw new AgentError(
      'RunnerNotAvailable',
      `This machine has no runner "${manifest.runner}": ${runner.needs} is not installed.`,
    );
  }
  return runner.command(job, program);
}

/** Kinds of desktop flows that can be executed here. */
export async function availableKinds(searchPath: string): Promise<Kind[]> {
  const kinds = Object.entries(runners) as [Kind, FlowRunner][];
  const found = await Promise.all(
    kinds.map(async ([, runner]) => (await runner.find(searchPath)) !== undefined),
  );
  return kinds.filter((_, index) => found[index]).map(([kind]) => kind);
}

function argsOf({ manifest }: WorkerJob): string[] {
  return manifest.args ?? [];
}

async function entryFile({ manifest, packageFolder }: WorkerJob): Promise<string> {
  const file = insideFolder(packageFolder, manifest.entry);
  if (!file || !(await isFile(file))) {
    throw new AgentError('InvalidPackage', `The entry "${manifest.entry}" is not in the package.`);
  }
  return file;
}

/** A file of the package, else an absolute path or a program of the machine. */
async function executable({ manifest, packageFolder, env }: WorkerJob): Promise<string> {
  const { entry } = manifest;
  const own = insideFolder(packageFolder, entry);
  if (own && (await isFile(own))) {
    // Zips that were made on Windows do not say what may be executed.
    await chmod(own, 0o555).catch(() => undefined);
    return own;
  }
  const program = path.isAbsolute(entry)
    ? entry
    : /[\\/]/.test(entry)
      ? undefined
      : await findProgram(entry, env['PATH'] ?? '');
  if (program && (await isFile(program))) return program;
  throw new AgentError(
    'RunnerNotAvailable',
    `The program "${entry}" is neither in the package nor installed on this machine.`,
  );
}
