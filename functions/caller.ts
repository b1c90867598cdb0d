import type { HttpRequest } from '@azure/functions';
import { z } from 'zod';
import type { Role } from '../contracts/access';
import { settingsSchema } from '../contracts/settings';
import { strongestRole } from '../domain/access/roles';
import { RequestError } from './problem';

/** Who sends a request, and as what. Shown with runs and changes. */
export interface Caller {
  name: string;
  role: Role;
}

const PRINCIPAL = 'x-ms-client-principal';
const principal = z.object({ claims: z.array(z.object({ typ: z.string(), val: z.string() })) });

/** The first that is there counts. The last ones are those of programs, which have no name. */
const NAME_CLAIMS = [
  'preferred_username',
  'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress',
  'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name',
  'name',
  'appid',
  'azp',
  'http://schemas.microsoft.com/identity/claims/objectidentifier',
  'oid',
];
const ROLE_CLAIMS: ReadonlySet<string> = new Set([
  'roles',
  'http://schemas.microsoft.com/ws/2008/06/identity/claims/role',
]);

/**
 * The one place that says who the caller is (row L8). A function key stands for the owner. Where ATTENDANT_EASY_AUTH=true says that the
 * platform signs people in, it is they who count, by the header that the platform sets; anywhere else a caller could write it.
 * @throws RequestError NotSignedIn
 */
export function callerOf(
  request: HttpRequest,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Caller {
  if (environment['ATTENDANT_EASY_AUTH'] !== 'true') return { name: 'owner', role: 'owner' };
  const claims = claimsOf(request.headers.get(PRINCIPAL));
  const name = NAME_CLAIMS.flatMap((type) => claims.filter((claim) => claim.typ === type)).at(0)?.val;
  if (!name) throw new RequestError('NotSignedIn', { detail: 'Who has signed in has no name.' });
  const roles = claims.filter(({ typ }) => ROLE_CLAIMS.has(typ)).map(({ val }) => val);
  const standard = environment['ATTENDANT_DEFAULT_ROLE'] || undefined;
  return { name, role: strongestRole(roles) ?? settingsSchema.shape.defaultRole.parse(standard) };
}

function claimsOf(header: string | null): z.infer<typeof principal>['claims'] {
  if (!header) throw new RequestError('NotSignedIn');
  try {
    return principal.parse(JSON.parse(Buffer.from(header, 'base64').toString('utf8'))).claims;
  } catch {
    throw new RequestError('NotSignedIn', { detail: `The header ${PRINCIPAL} is not readable.` });
  }
}
