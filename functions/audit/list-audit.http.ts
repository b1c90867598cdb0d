import type { Ports } from '../../adapters/ports';
import { auditQuery, type AuditList } from '../../contracts/audit';
import { http, json, type Handler } from '../http';
import { parseQuery } from '../request-body';

/** GET audit: who changed what, newest first (row L8). */
export function listAudit(ports: Pick<Ports, 'audit'>): Handler {
  return http(async (request) => {
    const { from, to, ...query } = parseQuery(auditQuery, request);
    const page: AuditList = await ports.audit.list({
      ...query,
      fromMs: from === undefined ? undefined : Date.parse(from),
      toMs: to === undefined ? undefined : Date.parse(to),
    });
    return json(page);
  });
}
