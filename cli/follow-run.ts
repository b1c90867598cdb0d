import {
  cloudRunView,
  type CloudRunView,
  type DesktopRunView,
  type ProgressView,
} from '../contracts/api-runs';
import { isEnded } from '../contracts/runs';
import { part, type Session } from './command';
import { CliError, exitCodes } from './shell';
import { instant } from './text';

const POLL_MS = 500;

/** How long a host that went away while one waits is given to come back (ms). */
const AWAY_MS = 60_000;

/** Waits for the run's end and tells on stderr what happens: states, and what the desktop flows are doing. */
export async function followRun(session: Session, run: string): Promise<CloudRunView> {
  const shown = new Map<string, string>();
  for (;;) {
    const view = await readPatiently(session, run);
    for (const line of linesOf(view)) {
      if (shown.get(line.what) === line.text) continue;
      shown.set(line.what, line.text);
      session.shell.err(`${clock(session)}  ${line.what}: ${line.text}`);
    }
    if (isEnded(view.status)) return view;
    await session.shell.pause(POLL_MS);
  }
}

export function exitCodeOf(status: CloudRunView['status']): number {
  if (status === 'Cancelled') return exitCodes.cancelled;
  if (status === 'TimedOut') return exitCodes.timedOut;
  return status === 'Failed' ? exitCodes.failed : exitCodes.succeeded;
}

/** What a desktop flow is doing, such as `main › read rows, 40 %: row 400`. */
export function progressText(progress: ProgressView | undefined): string {
  if (!progress) return '';
  const { subflow, action, percent, message } = progress;
  const place = [subflow, action].filter((name) => name !== undefined).join(' › ');
  const done = percent === undefined ? '' : `${Math.round(percent)} %`;
  const where = [place, done].filter((text) => text !== '').join(', ');
  return [where, message].filter((text) => text !== undefined && text !== '').join(': ');
}

/** A restart of the host in between is waited for: the run goes on without us. */
async function readPatiently({ api, shell }: Session, run: string): Promise<CloudRunView> {
  const giveUpAt = shell.now() + AWAY_MS;
  for (;;) {
    try {
      return await api.json(cloudRunView, { path: `runs/${part(run)}` });
    } catch (cause) {
      const away = cause instanceof CliError && cause.more.exitCode === exitCodes.unreachable;
      if (!away || shell.now() > giveUpAt) throw cause;
      await shell.pause(POLL_MS);
    }
  }
}

function linesOf(view: CloudRunView): { what: string; text: string }[] {
  const children = view.children.map((child) => ({
    what: child.desktopFlow ? `${child.desktopFlow} (${child.run})` : child.run,
    text: childText(child),
  }));
  return [{ what: `run ${view.run}`, text: view.status }, ...children];
}

function childText(child: DesktopRunView): string {
  const doing = isEnded(child.status) ? '' : progressText(child.progress);
  return doing === '' ? child.status : `${child.status}  ${doing}`;
}

function clock({ shell, utc }: Session): string {
  return (instant(new Date(shell.now()).toISOString(), utc) ?? '').slice(11);
}
