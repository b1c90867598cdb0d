import { timingSafeEqual } from 'node:crypto';
import type { HttpRequest } from '@azure/functions';
import type { Ports } from '../../adapters/ports';
import type { EventSourceRow } from '../../adapters/trigger-ports';
import { RequestError } from '../problem';
import { sha256Hex } from '../request-body';
import { signatureHeaders } from '../subscriptions/webhook-signature';

/** Signatures older or younger than this are refused: what somebody recorded cannot be sent again later (ms). */
const SIGNATURE_AGE_MS = 5 * 60_000;

type SenderPorts = Pick<Ports, 'eventSources' | 'secrets' | 'now'>;

/**
 * The source that the address names, if the sender has its secret: shown as `Authorization: Bearer` or in the query as
 * `access_token`, or used to sign the body. An unknown source is answered as a wrong secret.
 * @throws RequestError Unauthorized
 */
export async function authenticateSender(
  ports: SenderPorts,
  request: HttpRequest,
  body: Uint8Array,
): Promise<EventSourceRow> {
  const source = await ports.eventSources.get(request.params['source'] ?? '');
  const secret = source && (await ports.secrets.get(source.secretRef));
  if (!source || secret === undefined) throw new RequestError('Unauthorized');
  const genuine =
    source.auth === 'key'
      ? equal(shownKey(request), secret)
      : isSigned(request, { body, secret, nowMs: ports.now() });
  if (!genuine) throw new RequestError('Unauthorized');
  return source;
}

/** As `authenticateSender`, for a request that has no body to sign. @throws RequestError Unauthorized */
export async function greetSender(ports: SenderPorts, request: HttpRequest): Promise<void> {
  const source = await ports.eventSources.get(request.params['source'] ?? '');
  if (source?.auth === 'signature') return;
  await authenticateSender(ports, request, new Uint8Array());
}

function shownKey(request: HttpRequest): string {
  const [, bearer] = /^Bearer (.+)$/i.exec(request.headers.get('authorization') ?? '') ?? [];
  return bearer ?? request.query.get('access_token') ?? '';
}

/** Standard Webhooks: one of the signatures in `webhook-signature` is over id, timestamp (seconds) and body. */
function isSigned(
  { headers }: HttpRequest,
  { body, secret, nowMs }: { body: Uint8Array; secret: string; nowMs: number },
): boolean {
  const [id = '', time = '', given = ''] = ['id', 'timestamp', 'signature'].map(
    (name) => headers.get(`webhook-${name}`) ?? '',
  );
  const atMs = /^\d{1,12}$/.test(time) ? Number(time) * 1_000 : Number.NaN;
  // Written so that what is no number is refused.
  if (!(Math.abs(nowMs - atMs) <= SIGNATURE_AGE_MS)) return false;
  const text = Buffer.from(body).toString('utf8');
  const wanted = signatureHeaders({ id, body: text }, { current: secret }, atMs)['webhook-signature'] ?? '';
  return given.split(' ').some((signature) => equal(signature, wanted));
}

/** In a time that tells nothing of where they differ. */
function equal(given: string, wanted: string): boolean {
  return timingSafeEqual(Buffer.from(sha256Hex(given)), Buffer.from(sha256Hex(wanted)));
}
