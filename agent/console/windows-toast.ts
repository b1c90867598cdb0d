import { createHash } from 'node:crypto';
import type { WindowsToaster } from 'toasted-notifier';
import { messageOf } from '../errors';
import type { Log } from '../log';
import type { Notifier } from './notifier';

/** What shows a toast; tests put their own in its place. */
export type Toaster = Pick<WindowsToaster, 'notify'>;

/** Toasts on Windows, in the session in which the agent itself runs. */
export function windowsToast(open: () => Promise<Toaster>, log: Log): Notifier {
  return {
    show: ({ run }, { title, text, buttons }, pressed) => {
      open()
        .then((toaster) =>
          toaster.notify(
            {
              appID: 'Attendant',
              // A toast with the id of another takes its place; the toast program takes small numbers only.
              id: String(createHash('sha256').update(run).digest().readUInt16BE()),
              title,
              message: text,
              actions: buttons.map(({ label }) => label),
              wait: buttons.length > 0,
            },
            (error, response, answer) => {
              if (error) return log.warn(`A notification could not be shown: ${messageOf(error)}`);
              const label = (answer?.activationType ?? response).toLowerCase();
              const button = buttons.find((known) => known.label.toLowerCase() === label);
              if (button) pressed(button.control);
            },
          ),
        )
        .catch((error: unknown) => log.warn(`A notification could not be shown: ${messageOf(error)}`));
    },
  };
}

/** Loaded only where it is used: it brings programs for Windows. */
export async function openToaster(): Promise<Toaster> {
  const { WindowsToaster } = await import('toasted-notifier');
  return new WindowsToaster();
}
