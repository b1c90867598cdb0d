import { fork, type ChildProcess } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';

/** Where the parts of a victim that is up are found. */
export interface Addresses {
  url: string;
  bus: string;
  tables: string;
  ports: number[];
}

const READY_WITHIN_MS = 30_000;

/** The process that is killed and started again, always on the same file and ports. */
export class Victim {
  private child: ChildProcess | undefined;
  private known: Addresses | undefined;
  private readonly log: number;

  constructor(private readonly options: { script: string; app: string; dataDir: string; key: string }) {
    this.log = openSync(join(options.dataDir, 'host.log'), 'a');
  }

  /** @throws when it ends by itself or is not ready in time */
  async start(): Promise<Addresses> {
    const child = this.spawn();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`The host was not ready within ${READY_WITHIN_MS} ms.`)),
        READY_WITHIN_MS,
      );
      child.once('message', (addresses) => {
        clearTimeout(timer);
        this.known = addresses as Addresses;
        resolve(this.known);
      });
      child.once('exit', (code, signal) => {
        clearTimeout(timer);
        reject(new Error(`The host ended by itself (${code ?? signal}); host.log says why.`));
      });
    });
  }

  /** Starts it and kills it after so long, ready or not. */
  async startAndKill(afterMs: number): Promise<void> {
    this.spawn();
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await this.kill();
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await gone;
  }

  private spawn(): ChildProcess {
    const { script, app, dataDir, key } = this.options;
    const ports = (this.known?.ports ?? [0, 0, 0]).join(',');
    this.child = fork(script, ['--app', app, '--data', dataDir, '--key', key, '--ports', ports], {
      execArgv: ['--no-warnings'],
      stdio: ['ignore', this.log, this.log, 'ipc'],
    });
    return this.child;
  }
}
