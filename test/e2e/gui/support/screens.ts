import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LinuxSessions, type LinuxSessionOptions } from '../../../../agent/session/linux/linux-session';
import type { Session, SessionRequest } from '../../../../agent/session/session';
import type { SessionPlan } from '../../../../contracts/agent-protocol';
import { sessionPlan } from '../../../../domain/sessions/session-plan';
import { until } from '../../support/until';
import type { MachineUser } from './machine-user';
import { Picture } from './picture';

/** The agent's sessions on a data folder of their own. */
export class Machine {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'attendant-gui-'));
  readonly warnings: string[] = [];
  port: LinuxSessions;

  constructor(private readonly options: Partial<LinuxSessionOptions> = {}) {
    this.port = this.restart();
  }

  /** What a new process of the agent on the same folder knows. */
  restart(): LinuxSessions {
    const warn = (text: string): void => void this.warnings.push(text);
    const log = { info: () => undefined, warn, error: warn };
    const { dataDir } = this;
    this.port = new LinuxSessions({ dataDir, installation: dataDir, log, maxSessions: 8, ...this.options });
    return this.port;
  }

  /** Ends what tests have left. */
  async clean(): Promise<void> {
    await this.restart().recover();
    // Kept sessions outlive a recovery; a machine with room for one makes them give way.
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

export function plan(mode: SessionRequest['mode'], reuse = false): SessionPlan {
  return sessionPlan({ mode }, { os: 'linux', reuse, multipleSessionsPerUser: false });
}

/** What a run of the user's connection asks for. */
export function request(
  user: MachineUser,
  more: Partial<SessionRequest> & { reuse?: boolean } = {},
): SessionRequest {
  const { reuse = false, ...rest } = more;
  return {
    mode: 'unattended',
    userKey: user.name,
    user: user.name,
    credential: () => ({ user: user.name, password: user.password }),
    plan: plan(rest.mode ?? 'unattended', reuse),
    ...rest,
  };
}

export interface Ran {
  code: number | null;
  out: string;
}

/** Runs a program in the session to its end. */
export async function runIn(
  session: Session,
  command: [string, ...string[]],
  env = session.env,
): Promise<Ran> {
  const [program, ...args] = command;
  const child = session.spawn(program, args, { cwd: '/', env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { code, out };
}

/** Opens a window of one colour at 50, 60. */
export function colorWindow(session: Session, color: string): ChildProcess {
  const script = `import tkinter; w = tkinter.Tk(); w.configure(bg="${color}"); w.geometry("300x200+50+60"); w.mainloop()`;
  return session.spawn('/usr/bin/python3', ['-c', script], { cwd: '/', env: session.env, stdio: 'ignore' });
}

export async function look(session: Session): Promise<Picture> {
  if (!session.screenshot) throw new Error('This session has no screen.');
  return new Picture(await session.screenshot());
}

/** Waits until the colour fills the window's place. */
export function shows(session: Session, color: string): Promise<Picture> {
  return until(`a window in ${color}`, async () => {
    const picture = await look(session);
    return picture.at(60, 70) === color && picture.at(340, 250) === color ? picture : undefined;
  });
}
