import type { ChildProcess } from 'node:child_process';
import type { ConsoleControl } from '../../contracts/console';
import { messageOf } from '../errors';
import type { Log } from '../log';
import type { DesktopSpawn } from './desktop';
import type { Notice, Notifier } from './notifier';

/** What stands on the screen for a run. */
interface Shown {
  id: string | undefined;
  child: ChildProcess;
}

/**
 * Desktop notifications on Linux by `notify-send` of libnotify 0.8: it prints the notice's id, waits, and prints the name of the button that
 * was pressed.
 */
export function notifySend(spawn: DesktopSpawn, log: Log, program = 'notify-send'): Notifier {
  /** By run; each waits until the one before has its id, so that it can take its place. */
  const shown = new Map<string, Promise<Shown | undefined>>();

  async function put(
    user: string,
    { title, text, urgency, buttons }: Notice,
    before: Shown | undefined,
    pressed: (control: ConsoleControl) => void,
  ): Promise<Shown> {
    before?.child.kill();
    const child = await spawn(
      user,
      program,
      [
        '--app-name=Attendant',
        `--urgency=${urgency}`,
        '--print-id',
        ...(before?.id === undefined ? [] : [`--replace-id=${before.id}`]),
        ...(buttons.length === 0 ? [] : ['--wait']),
        ...buttons.map(({ control, label }) => `--action=${control}=${label}`),
        '--',
        title,
        escaped(text),
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    return new Promise((resolve, reject) => {
      const result: Shown = { id: undefined, child };
      let said = '';
      child.once('error', reject).once('exit', () => resolve(result));
      child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
        const lines = (said + chunk).split('\n');
        said = lines.pop() ?? '';
        for (const line of lines) {
          const button = buttons.find(({ control }) => control === line);
          if (button) pressed(button.control);
          else if (/^\d+$/.test(line)) resolve(Object.assign(result, { id: line }));
        }
      });
    });
  }

  return {
    show: ({ user, run }, notice, pressed) => {
      const next = Promise.resolve(shown.get(run))
        .then((before) => put(user, notice, before, pressed))
        .catch((error: unknown) => {
          log.warn(`A notification could not be shown to ${user}: ${messageOf(error)}`);
          return undefined;
        });
      if (notice.buttons.length === 0) shown.delete(run);
      else shown.set(run, next);
    },
  };
}

/** Bodies of notifications are markup. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
