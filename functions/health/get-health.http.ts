import type { Ports } from '../../adapters/ports';
import { http, json, type Handler } from '../http';

/** GET health (no key): the app is loaded and answers. */
export function getHealth(ports: Ports): Handler {
  return http(async () => json({ status: 'ok', time: new Date(ports.now()).toISOString() }));
}
