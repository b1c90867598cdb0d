import type { CaseState, ProcessDefinition } from '../contracts/processes';
import type { Case } from '../domain/processes/state';

/** One case of a business process flow (row A4). */
export interface CaseRow {
  process: string;
  /** Unique in its process; later ones sort first. */
  id: string;
  title: string;
  createdMs: number;
  value: Case;
}

/** With the mark under which it may be replaced. */
export interface StoredCase extends CaseRow {
  etag: string;
}

export interface Processes {
  put(definition: ProcessDefinition): Promise<void>;
  get(name: string): Promise<ProcessDefinition | undefined>;
  list(): Promise<ProcessDefinition[]>;
  /** Cases that have begun keep the definition. */
  remove(name: string): Promise<void>;
  insertCase(row: CaseRow): Promise<void>;
  getCase(process: string, id: string): Promise<StoredCase | undefined>;
  /** @returns false when the case has changed since it was read. */
  replaceCase(stored: StoredCase): Promise<boolean>;
  listCases(
    process: string,
    query: { state?: CaseState | undefined; top: number; continuation?: string | undefined },
  ): Promise<{ cases: CaseRow[]; continuation?: string }>;
  /** Cases that may have something to start or to wait for. */
  pendingCases(): Promise<{ process: string; id: string }[]>;
  /** The case was found with nothing to start and nothing to wait for. */
  settled(of: { process: string; id: string }): Promise<void>;
}
