import { auditList, auditQuery, type AuditEntry } from '../audit';
import { NOW } from './examples';
import { answer, type Operation, parameters } from './operation';

/** Of the story: the flow was stored. */
export const AUDIT_ENTRY: AuditEntry = {
  at: NOW,
  by: 'anna@contoso.example',
  role: 'owner',
  function: 'put-flow',
  what: 'store a cloud flow',
  target: { flow: 'process-invoices' },
  path: '/api/flows/process-invoices',
  status: 200,
  fields: ['name', 'triggers', 'actions'],
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
};

export const auditOperations: readonly Operation[] = [
  {
    name: 'list-audit',
    method: 'GET',
    route: 'audit',
    tag: 'Audit',
    summary: 'List who changed what',
    description:
      'Newest first; for owners. Every request by which a person changed something or wanted to is there, also one that was refused. A page may be short while there is more.',
    access: 'key',
    query: parameters(auditQuery, { by: 'anna@contoso.example', function: 'put-flow', top: 20 }),
    answers: [answer({ what: 'Entries of the audit log.' }, auditList, { entries: [AUDIT_ENTRY] })],
    errors: ['InvalidQuery'],
  },
];
