import type { HttpRequest } from '@azure/functions';
import { z } from 'zod';

/** Who sends a request. Shown with runs and changes; roles will be judged here. */
export interface Caller {
  name: string;
}

const principal = z.object({ claims: z.array(z.object({ typ: z.string(), val: z.string() })) });

const NAME_CLAIMS = [
  'preferred_username',
  'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress',
  'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name',
  'name',
];

/**
 * The one place that says who the caller is. A function key stands for the owner. The header of Easy Auth counts only where
 * ATTENDANT_EASY_AUTH=true says that the platform sets it: anywhere else a caller could write it.
 */
export function callerOf(
  request: HttpRequest,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Caller {
  const header = request.headers.get('x-ms-client-principal');
  if (environment['ATTENDANT_EASY_AUTH'] !== 'true' || !header) return { name: 'owner' };
  const text = Buffer.from(header, 'base64').toString('utf8');
  const { claims } = principal.parse(JSON.parse(text));
  const name = NAME_CLAIMS.flatMap((type) => claims.filter((claim) => claim.typ === type)).at(0)?.val;
  return { name: name ?? 'unknown' };
}
