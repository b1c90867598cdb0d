import type { IncomingHttpHeaders } from 'node:http';

/** Who sends a request, as the app is told. */
export interface Principal {
  name: string;
  roles: readonly string[];
}

/**
 * Stands in for App Service authentication ("Easy Auth"): there a person signs in and the platform tells the app who it is, here the host
 * tells it whose the key is.
 */
export interface SignIn {
  /** Whoever holds a key of the host itself. */
  owner: Principal;
  /** Whose this other key is; it opens functions of level `function`. */
  personOf(key: string): Principal | undefined;
}

const PREFIX = 'x-ms-client-principal';

/** Removes what a caller claims to be: only the host may say that, as on Azure. */
export function forgetPrincipal(headers: IncomingHttpHeaders): void {
  for (const name of Object.keys(headers)) if (name.startsWith(PREFIX)) delete headers[name];
}

/** The header as App Service writes it: JSON in base64. */
export function setPrincipal(headers: IncomingHttpHeaders, { name, roles }: Principal): void {
  const claims = [{ typ: 'name', val: name }, ...roles.map((role) => ({ typ: 'roles', val: role }))];
  const principal = { auth_typ: 'key', claims, name_typ: 'name', role_typ: 'roles' };
  headers[PREFIX] = Buffer.from(JSON.stringify(principal)).toString('base64');
}
