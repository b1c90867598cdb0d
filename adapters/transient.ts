import { statusOf } from './tables/table';

/** Codes of connections that could not be made or broke off. */
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'REQUEST_SEND_ERROR',
  'ServiceCommunicationProblem',
  'ServiceTimeout',
  'ServiceBusy',
]);

/** True when a service behind the app did not answer or asked to be called later: the same request may succeed then. */
export function isTransient(cause: unknown): boolean {
  const status = statusOf(cause);
  if (status !== undefined && (status === 408 || status === 429 || status >= 500)) return true;
  if (typeof cause !== 'object' || cause === null) return false;
  if ('code' in cause && typeof cause.code === 'string' && NETWORK.has(cause.code)) return true;
  return 'cause' in cause && isTransient(cause.cause);
}
