import { processDefinition, type CaseState, type ProcessDefinition } from '../../contracts/processes';
import { isPending, type Case } from '../../domain/processes/state';
import type { CaseRow, Processes, StoredCase } from '../process-ports';
import { instantColumn, optionalText, requireInstant, requireText, textColumns } from './columns';
import type { Key, StoredRow, Table } from './table';

const DEFINITIONS = 'process';
const PENDING = 'process-pending';

/**
 * Partition `process`: a definition for each name. Partition `case:<process>`: its cases, latest first (their ids count down), each
 * changed under its ETag. Partition `process-pending`: a row for each case that may have something to start or to wait for.
 */
export class TableProcesses implements Processes {
  constructor(private readonly table: Table) {}

  async put(definition: ProcessDefinition): Promise<void> {
    const columns = textColumns('definition', JSON.stringify(definition));
    await this.table.put({ partition: DEFINITIONS, row: definition.name }, columns);
  }

  async get(name: string): Promise<ProcessDefinition | undefined> {
    const row = await this.table.get({ partition: DEFINITIONS, row: name });
    return row && definitionOf(row);
  }

  async list(): Promise<ProcessDefinition[]> {
    return (await this.table.query({ partition: DEFINITIONS })).map(definitionOf);
  }

  async remove(name: string): Promise<void> {
    await this.table.remove({ partition: DEFINITIONS, row: name });
  }

  async insertCase(row: CaseRow): Promise<void> {
    if (isPending(row.value)) await this.table.put(pendingKey(row), {});
    await this.table.insert(caseKey(row), columnsOf(row));
  }

  async getCase(process: string, id: string): Promise<StoredCase | undefined> {
    const row = await this.table.get(caseKey({ process, id }));
    return row && caseOf(process, row);
  }

  async replaceCase({ etag, ...row }: StoredCase): Promise<boolean> {
    const pending = isPending(row.value);
    if (pending) await this.table.put(pendingKey(row), {});
    if ((await this.table.replace(caseKey(row), columnsOf(row), etag)) === undefined) return false;
    // Again: `settled` may have come between, for the case as it was before.
    if (pending) await this.table.put(pendingKey(row), {});
    return true;
  }

  async listCases(
    process: string,
    query: { state?: CaseState | undefined; top: number; continuation?: string | undefined },
  ): Promise<{ cases: CaseRow[]; continuation?: string }> {
    const rows = await this.table.query({
      partition: caseKey({ process, id: '' }).partition,
      where: { state: query.state },
      after: query.continuation,
      top: query.top,
    });
    const last = rows.length === query.top ? rows.at(-1) : undefined;
    return { cases: rows.map((row) => caseOf(process, row)), ...(last ? { continuation: last.row } : {}) };
  }

  async pendingCases(): Promise<{ process: string; id: string }[]> {
    return (await this.table.query({ partition: PENDING })).map(({ row }) => {
      const [process = '', id = ''] = row.split(':');
      return { process, id };
    });
  }

  async settled(row: { process: string; id: string }): Promise<void> {
    await this.table.remove(pendingKey(row));
  }
}

function caseKey({ process, id }: { process: string; id: string }): Key {
  return { partition: `case:${process}`, row: id };
}

function pendingKey({ process, id }: { process: string; id: string }): Key {
  return { partition: PENDING, row: `${process}:${id}` };
}

function columnsOf({ title, createdMs, value }: CaseRow) {
  return {
    title,
    createdAt: instantColumn(createdMs),
    state: value.state,
    ...textColumns('case', JSON.stringify(value)),
  };
}

function caseOf(process: string, { row, columns, etag }: StoredRow): StoredCase {
  return {
    process,
    id: row,
    title: optionalText(columns, 'title') ?? '',
    createdMs: requireInstant(columns, 'createdAt'),
    value: JSON.parse(requireText(columns, 'case')) as Case,
    etag,
  };
}

function definitionOf({ columns }: StoredRow): ProcessDefinition {
  return processDefinition.parse(JSON.parse(requireText(columns, 'definition')));
}
