/**
 * Does nothing. The extension replays an orchestration with cancelled timers faster than it happened, and names entity calls by
 * the time at which it reaches them; an activity before such a call makes both agree (docs/adr/0003-one-inbox.md).
 */
export function keepStep() {
  return (): undefined => undefined;
}
