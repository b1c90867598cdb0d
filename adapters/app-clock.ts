/**
 * Where a host whose time can be skipped (the local host with a VirtualClock) offers its clock to the app. Other hosts, Azure's too,
 * offer none: then time is the system's.
 */
const OFFERED = Symbol.for('functions-host.now');

/** Milliseconds since the epoch, by the clock of the host that runs the app. */
export function appNow(): number {
  const offered: unknown = Reflect.get(process, OFFERED);
  return typeof offered === 'function' ? Number(offered()) : Date.now();
}
