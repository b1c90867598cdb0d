import { fork, type ChildProcess } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import type { FromAgents, ToAgents } from './agents';

/** The machines' process, and how to talk to it. */
export class Fleet {
  private waiting: ((message: FromAgents) => void) | undefined;
  /** Runs that machines have ended so far. */
  done = 0;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (raw) => {
      const message = raw as FromAgents;
      if (message.kind === 'done') this.done = message.count;
      else this.waiting?.(message);
    });
  }

  static start(dir: string): Fleet {
    const log = openSync(join(dir, 'agents.log'), 'a');
    return new Fleet(
      fork(join(__dirname, 'agents.js'), [], {
        stdio: ['ignore', log, log, 'ipc'],
        execArgv: ['--no-warnings'],
      }),
    );
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  ask<K extends FromAgents['kind']>(message: ToAgents, answer: K): Promise<Extract<FromAgents, { kind: K }>> {
    return new Promise((resolve, reject) => {
      this.child.once('exit', () => reject(new Error('The process with the machines has ended.')));
      this.waiting = (got) => {
        if (got.kind === answer) resolve(got as Extract<FromAgents, { kind: K }>);
      };
      this.child.send(message);
    });
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }
}
