/** Everything that can keep the host from starting or an app from running, each with what to do about it. */
export type HostErrorCode =
  | 'PortInUse' // another process listens on the port
  | 'AppNotFound' // no package.json, no `main`, or no file matches it
  | 'AppFailedToLoad' // an entry file threw
  | 'ConfigInvalid' // host.json, local.settings.json or the keys file cannot be read
  | 'TriggerInvalid' // a function's trigger settings cannot be used
  | 'SettingMissing' // a %SETTING% or a connection names a setting that is not there
  | 'ClockNotVirtual'; // advance() on real time

/** A failure of the host itself, not of the app's code. */
export class HostError extends Error {
  constructor(
    readonly code: HostErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'HostError';
  }
}

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  // Not `instanceof`: the app may live in another realm (jest), where Error is another class.
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) return String(thrown.message);
  return String(thrown);
}
