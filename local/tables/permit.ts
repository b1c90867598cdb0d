import type { EntityKey } from './entity';
import type { EntityWrite } from './entity-writes';

/** What the sender of a request may do. Each check throws a TableError (403) when the answer is no. */
export interface Permit {
  /** @throws TableError AuthorizationResourceTypeMismatch, AuthorizationPermissionMismatch. */
  tables(action: 'list' | 'create' | 'delete'): void;
  /**
   * @param rights one letter each, all are needed: r(ead), a(dd), u(pdate), d(elete).
   * @throws TableError AuthenticationFailed, AuthorizationResourceTypeMismatch, AuthorizationPermissionMismatch.
   */
  entities(table: string, rights: string): void;
  /** Whether the permit reaches this entity: point operations elsewhere are refused, queries leave it out. */
  covers(key: EntityKey): boolean;
}

/** What the account key permits. */
export const FULL_PERMIT: Permit = {
  tables: () => undefined,
  entities: () => undefined,
  covers: () => true,
};

/** The rights that a write needs, as the service's page "Create a service SAS" lists them. */
export function rightsFor(write: EntityWrite): string {
  if (write.kind === 'insert') return 'a';
  if (write.kind === 'delete') return 'd';
  return write.ifMatch === undefined ? 'au' : 'u';
}
