import { constants } from 'node:fs';
import { copyFile, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../clock';
import { AgentError, hasCode, messageOf } from '../errors';
import { parseJournal } from '../journal/journal-lines';
import { statusFileName } from '../listener/start-agent';
import { holdRuns, releaseRuns } from '../listener/upgrade-hold';
import { apply, emptyState } from '../protocol/state';
import { lockHolder } from '../identity/data-lock';
import type { RunTool } from '../system/run-tool';

export interface UpgradeOptions {
  dataDir: string;
  /** The new bundle. */
  from: string;
  /** The bundle in use. */
  program: string;
  /** How long running desktop flows may take; ms. */
  waitMs: number;
  runTool: RunTool;
  /** Has the service start the program anew. */
  restart: () => Promise<void>;
  tell: (line: string) => void;
  /** How long a program may take to be up, and has to stay up to count as running; ms. */
  trial?: { upMs: number; stayMs: number };
}

const LOOK_MS = 500;
/** Looks in a row without work before the program is exchanged: an acceptance may be on its way to the disk. */
const QUIET_LOOKS = 3;
/** A service manager starts a program anew some seconds after it has ended (service.ts). */
const TRIAL = { upMs: 60_000, stayMs: 5_000 };

/**
 * Exchanges the agent's program: the new one is tried first, no new run is taken meanwhile, running ones end in peace, the file is replaced in
 * one step, the service starts it. The old one is kept beside it as `.previous`, and put back when the new one does not start or does not stay up.
 * @returns the new version.
 * @throws AgentError UpgradeRefused, UpgradeTimedOut, UpgradeFailed.
 */
export async function upgrade(options: UpgradeOptions): Promise<string> {
  const { dataDir, from, program, tell } = options;
  const version = await versionOf(from, options.runTool);
  const next = `${program}.next`;
  const previous = `${program}.previous`;
  try {
    await copyFile(from, next);
    await sync(next);
    await holdRuns(dataDir, systemClock);
    const before = await lockHolder(dataDir);
    if (before !== undefined) await untilQuiet(options);
    await copyFile(program, previous, constants.COPYFILE_FICLONE);
    await rename(next, program);
    tell(`${program} is version ${version} now; the version before is ${path.basename(previous)}.`);
    const problem = await begin(options, before);
    if (problem === undefined) return version;
    await rename(previous, program);
    const left = await begin(options, undefined, before !== undefined);
    const end = left === undefined ? 'is back and runs.' : `is back, but does not start either: ${left}`;
    throw new AgentError(
      'UpgradeFailed',
      `Version ${version} does not start: ${problem} The version before ${end}`,
    );
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw new AgentError('UpgradeFailed', messageOf(error), { cause: error });
  } finally {
    await rm(next, { force: true });
    await releaseRuns(dataDir);
  }
}

/** @throws AgentError UpgradeRefused when the file is no agent that runs here. */
async function versionOf(bundle: string, runTool: RunTool): Promise<string> {
  const { code, stdout, stderr } = await runTool(process.execPath, [bundle, '--version']);
  const version = stdout.trim();
  if (code !== 0 || !/^\d+\.\d+\.\d+/.test(version)) {
    const [line = 'it does not tell its version'] = (stderr || stdout).trim().split('\n').slice(-1);
    throw new AgentError('UpgradeRefused', `${bundle} is no agent that runs here: ${line}`);
  }
  return version;
}

async function untilQuiet({ dataDir, waitMs, tell }: UpgradeOptions): Promise<void> {
  const until = performance.now() + waitMs;
  let said = '';
  for (let quiet = 0; quiet < QUIET_LOOKS;) {
    await holdRuns(dataDir, systemClock);
    const runs = await openRuns(dataDir);
    quiet = runs.length === 0 ? quiet + 1 : 0;
    if (runs.length > 0 && said !== runs.join())
      tell(`Waiting for ${(said = runs.join()).replaceAll(',', ', ')}.`);
    if (performance.now() > until)
      throw new AgentError('UpgradeTimedOut', `Still at work: ${runs.join(', ') || 'nothing, just now'}.`);
    await sleep(LOOK_MS);
  }
}

/** Runs that the agent has accepted or started and not ended, read from its journal. */
export async function openRuns(dataDir: string): Promise<string[]> {
  const text = await readFile(path.join(dataDir, 'journal.jsonl'), 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return '';
    throw error;
  });
  const state = emptyState();
  for (const record of parseJournal(text).records) apply(state, record);
  return [...state.runs].flatMap(([run, { state: now }]) =>
    now === 'accepted' || now === 'started' ? [run] : [],
  );
}

/**
 * Has the service start the program that stands there now.
 * @param before pid of the agent that ran until now: without one nobody knows whether there is a service, unless `expected`.
 * @returns why it does not run, or undefined.
 */
async function begin(
  { dataDir, restart, trial = TRIAL }: UpgradeOptions,
  before: number | undefined,
  expected = before !== undefined,
): Promise<string | undefined> {
  try {
    await restart();
  } catch (error) {
    return `the service cannot be started: ${messageOf(error)}.`;
  }
  if (!expected) return undefined;
  const until = performance.now() + trial.upMs;
  let up: { pid: number; since: number } | undefined;
  let starts = 0;
  for (; performance.now() < until; await sleep(Math.min(LOOK_MS, trial.stayMs))) {
    // Until it has shown that it stays, it begins nothing that would break off with it.
    await holdRuns(dataDir, systemClock);
    const pid = await lockHolder(dataDir);
    if (pid === undefined || pid === before || !(await hasSaid(dataDir, pid))) continue;
    if (pid !== up?.pid) {
      up = { pid, since: performance.now() };
      starts++;
    }
    if (performance.now() - up.since >= trial.stayMs) return undefined;
  }
  const seconds = Math.round(trial.upMs / 1000);
  return starts === 0
    ? `nothing runs after ${seconds} s.`
    : `it was started ${starts} times in ${seconds} s and ended.`;
}

/** Whether this agent has come so far that it tells its state. */
async function hasSaid(dataDir: string, pid: number): Promise<boolean> {
  const text = await readFile(path.join(dataDir, statusFileName), 'utf8').catch(() => '');
  return text.includes(`"pid": ${pid},`);
}

async function sync(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.chmod(0o755);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
