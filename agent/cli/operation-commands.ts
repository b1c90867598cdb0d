import { realpathSync } from 'node:fs';
import path from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { AgentError } from '../errors';
import { readRegistered } from '../identity/identity';
import { runTool } from '../system/run-tool';
import { BUNDLE_FILE } from '../version';
import { writeDiagnostics } from './diagnostics';
import { doctor, type Check } from './doctor';
import {
  carryOut,
  describePlan,
  restartCommands,
  runAll,
  systemdInstallation,
  systemdRemoval,
  windowsInstallation,
  windowsRemoval,
  type ServiceOptions,
  type ServicePlan,
} from './service';
import { networkOf, networkOptions, type NetworkFlags } from './network-options';
import { upgrade } from './upgrade';
import { sessionKinds, type SessionKind } from '../session/choose';

export interface OperationOptions {
  dataDir: string;
  say: (line: string) => void;
}

interface DoctorFlags extends NetworkFlags {
  data: string;
  session: SessionKind;
}

const platforms = ['linux', 'win32'] as const;
type Platform = (typeof platforms)[number];

/** Adds what an administrator needs beside registering and running: service, doctor, upgrade, diagnostics. */
export function addOperationCommands(program: Command, { dataDir, say }: OperationOptions): void {
  const dataOption = ['--data <folder>', 'folder of the agent', dataDir] as const;
  const printOption = ['--print', 'only show what would be done'] as const;
  const platformOption = (): Option =>
    new Option('--platform <name>', 'show it for the other system').choices(platforms).hideHelp();

  program
    .command('install-service')
    .description('have the agent start with the system (systemd; on Windows a task of the system account)')
    .option(...printOption)
    .option(...dataOption)
    .addOption(platformOption())
    .argument('[options...]', 'for `attendant-agent run`, behind --')
    .action(async (args: string[], flags: { data: string; print?: boolean; platform?: Platform }) => {
      const options = {
        node: process.execPath,
        program: programFile(),
        dataDir: path.resolve(flags.data),
        args,
      };
      if (!flags.print) await readRegistered(options.dataDir);
      await follow(installation(flags.platform, options), flags.print === true);
    });

  program
    .command('uninstall-service')
    .description('the agent no longer starts with the system; its folder stays')
    .option(...printOption)
    .option(...dataOption)
    .addOption(platformOption())
    .action((flags: { data: string; print?: boolean; platform?: Platform }) =>
      follow(
        platformOf(flags.platform) === 'win32' ? windowsRemoval(flags.data) : systemdRemoval(),
        flags.print === true,
      ),
    );

  async function follow(plan: ServicePlan, print: boolean): Promise<void> {
    if (print) return say(describePlan(plan));
    await carryOut(plan, runTool);
    say('Done.');
  }

  networkOptions(
    program
      .command('doctor')
      .description('check what the agent needs, one by one')
      .option('--json', 'machine-readable')
      .option(...dataOption)
      .addOption(sessionOption()),
  ).action(async (flags: DoctorFlags & { json?: boolean }) => {
    const checks = await examine(flags);
    if (flags.json) say(JSON.stringify(checks));
    else for (const check of checks) say(`${check.ok ? 'ok   ' : 'FAIL '} ${check.name}: ${check.text}`);
    process.exitCode = checks.every((check) => check.ok) ? 0 : 1;
  });

  networkOptions(
    program
      .command('diagnostics')
      .description('write a zip for whoever helps: state, checks, versions, logs; no secrets')
      .requiredOption('--out <file>', 'the zip to write')
      .option(...dataOption)
      .addOption(sessionOption()),
  ).action(async (flags: DoctorFlags & { out: string }) => {
    const { data, out } = flags;
    const what = { dataDir: data, out, env: process.env, runTool, doctor: () => examine(flags) };
    await writeDiagnostics(what);
    say(`${out} is written. It holds no keys, passwords or tokens; look through it before you pass it on.`);
  });

  program
    .command('upgrade')
    .description('exchange the program when running desktop flows have ended, and start it anew')
    .requiredOption('--from <file>', `the new ${BUNDLE_FILE}`)
    .option('--wait <minutes>', 'how long running desktop flows may take', minutes, 60)
    .option(...dataOption)
    .action(async ({ from, wait, data }: { from: string; wait: number; data: string }) => {
      const inUse = programFile();
      if (path.basename(inUse) !== BUNDLE_FILE)
        throw new AgentError('UpgradeRefused', `${inUse} is not the bundled agent.`);
      const version = await upgrade({
        dataDir: data,
        from: path.resolve(from),
        program: inUse,
        waitMs: wait * 60_000,
        runTool,
        restart: () => runAll(restartCommands(process.platform), runTool),
        tell: say,
      });
      say(`The agent runs as version ${version}.`);
    });
}

export const sessionOption = (): Option =>
  new Option(
    '--session <kind>',
    "sessions of runs: linux or windows (users of their own; needs root, or the system's account), own (the agent's), auto",
  )
    .choices(sessionKinds)
    .default('auto');

function examine(flags: DoctorFlags): Promise<Check[]> {
  return doctor({ dataDir: flags.data, session: flags.session, network: networkOf(flags) });
}

/** The program that runs, also where it was called by another name. */
function programFile(): string {
  return realpathSync(process.argv[1] ?? '.');
}

function platformOf(wanted: Platform | undefined): NodeJS.Platform {
  return wanted ?? process.platform;
}

function installation(wanted: Platform | undefined, options: ServiceOptions): ServicePlan {
  return platformOf(wanted) === 'win32' ? windowsInstallation(options) : systemdInstallation(options);
}

function minutes(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('Minutes.');
  return Number(text);
}
