import type { ConsoleControl } from '../../contracts/console';

/** What a person is shown on the desktop. */
export interface Notice {
  title: string;
  text: string;
  /** critical: stays until the person closes it. */
  urgency: 'normal' | 'critical';
  buttons: readonly { control: ConsoleControl; label: string }[];
}

/** Shows notices on the desktop of a user; one implementation per kind of desktop. */
export interface Notifier {
  /**
   * Puts a notice in the place of the last one of the run; the buttons of that one are dead. One without buttons is the last of its run. Does
   * not throw: a desktop that cannot show anything shows nothing.
   */
  show(of: { user: string; run: string }, notice: Notice, pressed: (control: ConsoleControl) => void): void;
}
