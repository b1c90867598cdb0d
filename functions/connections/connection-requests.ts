import type { StoredConnection } from '../../adapters/ports';
import type { Connection } from '../../contracts/connections';
import { resourceName } from '../../contracts/ids';
import { fieldErrors, RequestError } from '../problem';

/** What may be shown of a connection: never where its credential is kept. */
export function connectionView({ secretRef: _kept, ...shown }: StoredConnection): Connection {
  return shown;
}

/** @throws RequestError InvalidBody when the address holds no name that a connection can have. */
export function connectionName(given: string | undefined): string {
  const name = resourceName.safeParse(given);
  if (name.success) return name.data;
  const errors = fieldErrors(name.error.issues).map(({ message }) => ({ path: 'name', message }));
  throw new RequestError('InvalidBody', { errors });
}
