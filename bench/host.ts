import { fork, type ChildProcess } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostMessage } from '../local/launcher/messages';
import { NODE_FLAGS } from '../local/launcher/supervisor';

/** The product's host in a process of its own, on a folder of its own. */
export class Host {
  private constructor(
    readonly url: string,
    readonly key: string,
    private readonly child: ChildProcess,
  ) {}

  /** @throws Error with the host's own words when it does not come up. */
  static async start(root: string, dir: string): Promise<Host> {
    const log = openSync(join(dir, 'host.log'), 'a');
    const script = join(root, 'dist/local/launcher/host-process.js');
    const args = ['--root', root, '--data', join(dir, 'host'), '--port', '0'];
    const child = fork(script, args, { stdio: ['ignore', log, log, 'ipc'], execArgv: NODE_FLAGS });
    const url = await new Promise<string>((resolve, reject) => {
      child.on('message', (message) => resolve(hostMessage.parse(message).url));
      child.on('exit', () => reject(new Error(readFileSync(join(dir, 'host.log'), 'utf8'))));
    });
    const endpoint = JSON.parse(readFileSync(join(dir, 'host/endpoint.json'), 'utf8')) as { key: string };
    return new Host(url, endpoint.key, child);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }
}
