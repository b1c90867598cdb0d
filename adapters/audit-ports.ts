import type { AuditEntry } from '../contracts/audit';

export interface AuditLogQuery {
  top: number;
  /** As given with the page before. */
  continuation?: string | undefined;
  by?: string | undefined;
  function?: string | undefined;
  /** One of the things that the request named. */
  target?: string | undefined;
  /** From then (ms), before then. */
  fromMs?: number | undefined;
  toMs?: number | undefined;
}

/** Row L8: who changed what. Entries are added and go with their days; nothing changes them. */
export interface AuditLog {
  record(entry: AuditEntry): Promise<void>;
  /** Newest first. A page may be short while there is more. */
  list(query: AuditLogQuery): Promise<{ entries: AuditEntry[]; continuation?: string }>;
  /** Removes at most `most` entries of days that ended before an instant (ms). @returns how many. */
  purge(beforeMs: number, most: number): Promise<number>;
}
