import path from 'node:path';
import type { WorkerResult } from '../../contracts/worker-protocol';
import type { AgentEventBody } from '../../contracts/agent-protocol';
import { errorCatalogue, errorInfo, type ErrorCode } from '../../contracts/errors';
import type { ControlPlane } from '../control-plane/control-plane';
import { AgentError, isDiskFull, messageOf } from '../errors';
import { failed } from '../flow/outcome';
import type { Log } from '../log';
import { uploadArtifacts } from '../package/artifacts';
import { keptHere } from '../package/kept-here';
import type { PackageStore } from '../package/package-store';
import {
  giveRunFolder,
  prepareRunFolder,
  reclaimRunFolder,
  removeAllRunFolders,
  removeRunFolder,
} from '../package/run-folder';
import { killRemains, RUN_MARK, runMark } from '../process/process-group';
import type { GoCommand, StopOrder } from '../protocol/decide';
import { isHere } from '../protocol/fence';
import { sessionRequest } from '../session/session-request';
import { SessionRefusedError, type Session, type SessionPort } from '../session/session';
import { availableKinds } from './commands';
import { flowEnvironment } from './environment';
import { keepScreenshot, takeScreenshot } from './failure-screenshot';
import { assertReadable } from './reachable';
import type { RunHandle, RunHooks, Runner } from './runner';
import { defaultWorkerCommand, WorkerProcess } from './worker-process';

export interface ProcessRunnerOptions {
  dataDir: string;
  installation: string;
  controlPlane: ControlPlane;
  packages: PackageStore;
  session: SessionPort;
  /** Private key that credentials are opened with. */
  sealingKey: string;
  log: Log;
  /** Program and arguments of the worker. */
  workerCommand?: string[];
  /** Row C3: lets desktop flows have the privileges of an administrator, where the session's user has them. */
  allowElevated?: boolean;
  /** More processes than that end a run. */
  maxProcesses?: number;
}

const MAX_PROCESSES = 1_000;

/** Executes each run in a worker process of its own (worker.ts). */
export function processRunner(options: ProcessRunnerOptions): Runner {
  return {
    start: (command, hooks) => new Run(options, command, hooks),
    clean: async (workers) => {
      const mark = runMark(options.installation);
      for (const worker of [...workers, undefined]) {
        if (await killRemains({ worker, mark })) continue;
        options.log.warn(`Processes of an earlier run do not end (worker ${worker?.pid ?? 'unknown'}).`);
      }
      await options.session.recover?.();
      await removeAllRunFolders(options.dataDir);
      await options.packages.prepare();
    },
    kinds: () => availableKinds(process.env['PATH'] ?? ''),
  };
}

/** One run: package, inputs, session, worker, artifacts, and everything cleared away. */
class Run implements RunHandle {
  readonly ended: Promise<AgentEventBody<'done'>>;
  private readonly stopping = new AbortController();
  private worker: WorkerProcess | undefined;
  /** Set while the run is paused before its worker exists. */
  private gate: { open: () => void; opened: Promise<void> } | undefined;
  private picture: Promise<Buffer | string> | undefined;
  /** Its program has ended: there is nothing to pause. */
  private over = false;

  constructor(
    private readonly options: ProcessRunnerOptions,
    private readonly command: GoCommand,
    private readonly hooks: RunHooks,
  ) {
    this.ended = this.execute();
  }

  stop(order: StopOrder): void {
    this.gate?.open();
    // A run that executes may still reach its checkpoint, or fail before it.
    if (!this.worker || order.mode !== 'checkpoint') this.stopping.abort();
    this.worker?.stop(order);
  }

  async pause(): Promise<boolean> {
    if (this.worker) return this.worker.pause();
    if (this.stopping.signal.aborted || this.over) return false;
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    this.gate ??= { open: () => open(), opened };
    return true;
  }

  async resume(): Promise<boolean> {
    if (this.worker) return this.worker.resume();
    this.gate?.open();
    this.gate = undefined;
    return !this.over;
  }

  private async execute(): Promise<AgentEventBody<'done'>> {
    const { dataDir } = this.options;
    let session: Session | undefined;
    try {
      session = await this.options.session.open({
        ...sessionRequest(this.command, this.options.sealingKey),
        tell: (step) => this.warn(step),
      });
      return await this.executeIn(session);
    } catch (error) {
      return this.stopping.signal.aborted ? { outcome: 'Stopped' } : notExecuted(error);
    } finally {
      await session
        ?.close()
        .catch((error: unknown) => this.warn(`The session was not closed: ${messageOf(error)}`));
      await removeRunFolder(dataDir, this.command.run).catch((error: unknown) =>
        this.options.log.warn(`The folder of run ${this.command.run} was not removed: ${messageOf(error)}`),
      );
    }
  }

  private async executeIn(session: Session): Promise<AgentEventBody<'done'>> {
    const { dataDir, installation, controlPlane, packages } = this.options;
    const { run, desktopFlow, inputs } = this.command;
    const { signal } = this.stopping;
    const { folder: stored, manifest } = await packages.get(desktopFlow.package, signal);
    const folder = await prepareRunFolder({ dataDir, run, manifest, inputs, controlPlane, signal });
    const command = this.options.workerCommand ?? defaultWorkerCommand();
    const { owner, lost } = session;
    let place = { packageFolder: stored, helpersFolder: packages.root };
    if (owner) {
      const given = { dataDir, folder, packageFolder: stored, store: packages.root, owner };
      place = await giveRunFolder(given);
      await assertReadable(session, [...command.filter((part) => path.isAbsolute(part)), folder.inputsFile]);
    }
    const env = flowEnvironment(owner ? {} : process.env, {
      ...session.env,
      [RUN_MARK]: runMark(installation, run),
      ATTENDANT_RUN: run,
      PYTHONPATH: path.join(place.helpersFolder, 'python'),
      PYTHONUNBUFFERED: '1',
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONIOENCODING: 'utf-8',
    });
    while (this.gate && !signal.aborted) await this.gate.opened;
    if (signal.aborted) return { outcome: 'Stopped' };
    this.worker = new WorkerProcess({
      command,
      session,
      mark: runMark(installation, run),
      job: {
        run,
        mode: this.command.mode,
        manifest,
        packageFolder: place.packageFolder,
        helpersFolder: place.helpersFolder,
        workFolder: folder.work,
        artifactsFolder: folder.artifacts,
        inputsFile: folder.inputsFile,
        messagesFile: folder.messagesFile,
        stopFile: folder.stopFile,
        env,
        maxProcesses: this.options.maxProcesses ?? MAX_PROCESSES,
        allowElevated: this.options.allowElevated ?? false,
      },
      hooks: this.hooks,
      atFailure: () => (this.picture ??= takeScreenshot(session)),
      log: this.options.log,
    });
    const worker = this.worker;
    const lose = (): void => worker.stop({ mode: 'kill', graceMs: 0, reason: 'cancelled' });
    if (lost?.aborted) lose();
    else lost?.addEventListener('abort', lose);
    let result = await worker.ended;
    this.over = true;
    this.worker = undefined;
    if (lost?.aborted && !signal.aborted && result.outcome !== 'Succeeded')
      result = failed('SessionNotFound', String(lost.reason));
    if (owner) await reclaimRunFolder(folder, owner);
    const keeper = isHere(this.command.fence) ? keptHere(dataDir) : controlPlane;
    const screenshot =
      this.picture &&
      (await keepScreenshot(await this.picture, { run, folder: folder.root, controlPlane: keeper }));
    const artifacts = await uploadArtifacts({
      run,
      folder: folder.artifacts,
      controlPlane: keeper,
      // A stopped run's artifacts are wanted too, but nobody waits for them.
      signal: result.outcome === 'Stopped' ? AbortSignal.timeout(30_000) : signal,
      warn: (text) => this.warn(text),
    });
    return {
      ...result,
      ...(artifacts.length > 0 ? { artifacts } : {}),
      ...(screenshot ? { screenshot } : {}),
    };
  }

  private warn(text: string): void {
    this.hooks.log([{ at: new Date().toISOString(), stream: 'agent', text }], 0);
  }
}

/** What went wrong before there was a worker. */
export function notExecuted(error: unknown): WorkerResult {
  if (error instanceof SessionRefusedError) {
    return { outcome: 'Failed', error: errorInfo(error.code, { details: error.message }) };
  }
  if (isDiskFull(error)) return failed('MachineDiskFull', messageOf(error));
  if (!(error instanceof AgentError)) return failed('Internal', messageOf(error));
  if (error.code === 'HostUnreachable') return failed('ConnectionTimeout', error.message);
  return failed(error.code in errorCatalogue ? (error.code as ErrorCode) : 'Internal', error.message);
}
