import type { HttpRequest } from '@azure/functions';

const fields = new WeakMap<HttpRequest, string[]>();
const targets = new WeakMap<HttpRequest, Record<string, string>>();

/** Has the audit entry of the request name what stood at the top of its body (row L8). */
export function noteFields(request: HttpRequest, body: unknown): void {
  if (typeof body === 'object' && body !== null && !Array.isArray(body))
    fields.set(request, Object.keys(body));
}

/** Has it name what the request changes and its address does not tell. */
export function noteTarget(request: HttpRequest, target: Record<string, string>): void {
  targets.set(request, target);
}

/** What was noted of the request. */
export function notesOf(request: HttpRequest): { fields: string[]; target: Record<string, string> } {
  return { fields: fields.get(request) ?? [], target: targets.get(request) ?? {} };
}
