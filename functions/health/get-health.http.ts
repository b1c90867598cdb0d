import type { Ports } from '../../adapters/ports';
import type { Health } from '../../contracts/api-machines';
import { http, json, type Handler } from '../http';

/** GET health (no key): the app is loaded and answers. */
export function getHealth(ports: Ports): Handler {
  return http(async () => {
    const body: Health = { status: 'ok', time: new Date(ports.now()).toISOString() };
    return json(body);
  });
}
