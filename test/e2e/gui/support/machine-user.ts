import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { until } from '../../support/until';
import { kill } from '../../support/processes';

/** These suites act as other users of the machine and have screens; without that they fail, they are never skipped. */
export function requireMachine(): void {
  if (process.getuid?.() !== 0) throw new Error('These tests make users: run them as root on Linux.');
  for (const tool of [
    '/usr/bin/Xvfb',
    '/usr/bin/xdotool',
    '/usr/bin/xwd',
    '/usr/bin/setpriv',
    '/usr/sbin/useradd',
  ])
    if (!existsSync(tool))
      throw new Error(`${tool} is missing: apt-get install xvfb xdotool x11-apps python3-tk`);
}

/** A user of this machine, made for one test file. */
export class MachineUser {
  readonly password = randomBytes(9).toString('base64url');
  readonly uid: number;
  readonly gid: number;
  private server: ChildProcess | undefined;
  private display = -1;

  constructor(readonly name = `att${randomBytes(4).toString('hex')}`) {
    execFileSync('useradd', ['--badname', '--create-home', '--shell', '/bin/bash', name]);
    this.setPassword(this.password);
    this.uid = Number(execFileSync('id', ['-u', name]));
    this.gid = Number(execFileSync('id', ['-g', name]));
  }

  setPassword(password: string): void {
    execFileSync('chpasswd', { input: `${this.name}:${password}\n` });
  }

  /** Command lines of the living processes that run as this user, by pid. */
  processes(): Map<number, string> {
    const found = new Map<number, string>();
    for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
      try {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        if (!status.includes(`\nUid:\t${this.uid}\t`) || /^State:\t[ZX]/m.test(status)) continue;
        found.set(Number(pid), readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim());
      } catch {
        // It has just ended.
      }
    }
    return found;
  }

  /** A process of this user outside of any session of the agent. */
  spawn(command: [string, ...string[]], env: Record<string, string> = {}): ChildProcess {
    const become = [`--reuid=${this.uid}`, `--regid=${this.gid}`, '--init-groups', '--'];
    return spawn('setpriv', [...become, ...command], {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', HOME: this.home, USER: this.name, ...env },
      stdio: 'ignore',
    });
  }

  /** A desktop of this user that no agent has made. @returns its display, such as `:63`. */
  async desktop(size: string): Promise<string> {
    const taken = (number: number): boolean =>
      existsSync(`/tmp/.X11-unix/X${number}`) || existsSync(`/tmp/.X${number}-lock`);
    const number = Array.from({ length: 40 }, (_, index) => 50 + index).find((free) => !taken(free)) ?? 0;
    this.server = this.spawn(['Xvfb', `:${number}`, '-screen', '0', size, '-nolisten', 'tcp', '-noreset']);
    this.display = number;
    await until('the desktop of a person', () => existsSync(`/tmp/.X11-unix/X${number}`));
    return `:${number}`;
  }

  get home(): string {
    return `/home/${this.name}`;
  }

  async remove(): Promise<void> {
    // Asked to end, it takes its socket away.
    this.server?.kill();
    await until('the desktop to end', () => !existsSync(`/tmp/.X11-unix/X${this.display}`));
    await until(`the processes of ${this.name} to end`, () => {
      const left = [...this.processes().keys()];
      for (const pid of left) kill(pid);
      return left.length === 0;
    });
    execFileSync('userdel', ['--remove', this.name], { stdio: 'ignore' });
  }
}
