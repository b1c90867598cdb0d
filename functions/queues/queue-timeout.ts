import type { Ports } from '../../adapters/ports';
import { durationMs, durationText } from '../../domain/flows/duration';

/** Row F7: a queue timeout as details show it. */
export function timeoutText({ settings }: Pick<Ports, 'settings'>, own: string | undefined): string {
  return durationText(own ? durationMs(own) : settings.queueTimeoutMs);
}
