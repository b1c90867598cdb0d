/** One line of the error catalogue. */
export interface CatalogueEntry {
  /** HTTP status when the error answers a request; for run outcomes the status that the original system gives. */
  status: number;
  /** user: mend the request or the machine. transient: the same request may succeed later. system: our fault. */
  kind: 'user' | 'transient' | 'system';
  message: string;
  remedy: string;
  /** True for codes that Attendant adds to those of the system it follows. */
  ours: boolean;
}
