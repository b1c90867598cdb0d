import type { Processes, StoredCase } from '../../adapters/process-ports';
import type { ProcessDefinition } from '../../contracts/processes';
import { isPending } from '../../domain/processes/state';

/** Business process flows and their cases in memory, kept as text so that nobody shares objects with the store. */
export function inMemoryProcesses(): Processes {
  const definitions = new Map<string, ProcessDefinition>();
  const cases = new Map<string, StoredCase>();
  const pending = new Map<string, { process: string; id: string }>();
  let writes = 0;
  const keyOf = ({ process, id }: { process: string; id: string }): string => `${process}:${id}`;
  const write = (row: Omit<StoredCase, 'etag'>): void => {
    cases.set(keyOf(row), structuredClone({ ...row, etag: String(++writes) }));
    if (isPending(row.value)) pending.set(keyOf(row), { process: row.process, id: row.id });
  };
  return {
    put: (definition) => Promise.resolve(void definitions.set(definition.name, definition)),
    get: (name) => Promise.resolve(definitions.get(name)),
    list: () => Promise.resolve([...definitions.values()]),
    remove: (name) => Promise.resolve(void definitions.delete(name)),
    insertCase: (row) => Promise.resolve(write(row)),
    getCase: (process, id) => Promise.resolve(structuredClone(cases.get(keyOf({ process, id })))),
    replaceCase: (stored) => {
      if (cases.get(keyOf(stored))?.etag !== stored.etag) return Promise.resolve(false);
      write(stored);
      return Promise.resolve(true);
    },
    listCases: (process, { state, top, continuation }) => {
      const found = [...cases.values()]
        .filter((row) => row.process === process && (state === undefined || row.value.state === state))
        .filter(({ id }) => continuation === undefined || id > continuation)
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, top);
      const last = found.length === top ? found.at(-1) : undefined;
      return Promise.resolve({ cases: found, ...(last ? { continuation: last.id } : {}) });
    },
    pendingCases: () => Promise.resolve([...pending.values()]),
    settled: (of) => Promise.resolve(void pending.delete(keyOf(of))),
  };
}
