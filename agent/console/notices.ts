import type { ConsoleControl, NotificationMode } from '../../contracts/console';
import { hasEnded, type BoardRun } from './run-board';
import type { Notice, Notifier } from './notifier';

const PAUSE = { control: 'pause', label: 'Pause' } as const;
const RESUME = { control: 'resume', label: 'Resume' } as const;
const STOP = { control: 'stop', label: 'Stop' } as const;

const titles: Record<BoardRun['state'], string> = {
  Waiting: 'is waiting',
  Running: 'is running',
  Paused: 'is paused',
  Stopping: 'is stopping',
  Succeeded: 'has finished',
  Failed: 'has failed',
  Stopped: 'was stopped',
};

/** The notice of a run in its state (row K2); for an announced run of the portal, the banner (row E2). */
export function noticeOf({ flow, state, origin, error }: BoardRun): Notice {
  const banner = origin === 'portal' && !hasEnded(state);
  const texts: Partial<Record<BoardRun['state'], string>> = {
    Running: banner
      ? 'Please do not interact with the device while it works.'
      : 'Do not interact with the device while it runs.',
    Failed: error ? `${error.code}: ${error.message}` : '',
  };
  return {
    title: `${flow} ${titles[state]}`,
    text: texts[state] ?? '',
    urgency: banner || state === 'Failed' ? 'critical' : 'normal',
    buttons:
      state === 'Running'
        ? [PAUSE, STOP]
        : state === 'Paused'
          ? [RESUME, STOP]
          : state === 'Stopping'
            ? [STOP]
            : [],
  };
}

export interface NoticesParts {
  notifier: Notifier;
  mode(user: string): NotificationMode;
  /** Opens the monitoring window of a user. */
  openWindow(user: string): void;
  control(user: string, run: string, what: ConsoleControl): void;
}

/**
 * What people are shown when a run changes: by their setting for runs that they started (rows K1, K2), and the banner of an announced run whatever
 * their setting is (row E2).
 */
export class Notices {
  constructor(private readonly parts: NoticesParts) {}

  changed(run: BoardRun, before: BoardRun | undefined): void {
    if (run.state === before?.state || run.state === 'Waiting') return;
    const mode = this.parts.mode(run.owner);
    if (run.origin === 'portal' || mode === 'notifications') this.show(run);
    else if (mode === 'window' && run.state === 'Running' && before?.state !== 'Paused') {
      this.parts.openWindow(run.owner);
    }
  }

  private show(run: BoardRun): void {
    this.parts.notifier.show({ user: run.owner, run: run.run }, noticeOf(run), (what) =>
      this.parts.control(run.owner, run.run, what),
    );
  }
}
