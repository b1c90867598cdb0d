import type { CaseRow } from '../../adapters/process-ports';
import type { CaseList, CaseRun, CaseView } from '../../contracts/processes';
import { missing } from '../../domain/processes/gate';
import type { Case, StageRun } from '../../domain/processes/state';

export function caseView({ process, id, title, createdMs, value }: CaseRow): CaseView {
  return {
    id,
    process,
    title,
    state: value.state,
    stage: nameOf(value, value.stage),
    stages: value.definition.stages.map(({ name }) => name),
    data: value.data,
    missing: value.state === 'open' ? missing(value) : [],
    runs: value.runs.map((run) => runView(value, run)),
    history: value.history.map(({ atMs, by, what, stage, reason }) => ({
      at: at(atMs),
      by,
      what,
      stage: nameOf(value, stage),
      ...(reason === undefined ? {} : { reason }),
    })),
    createdAt: at(createdMs),
  };
}

export function caseLine({ id, title, createdMs, value }: CaseRow): CaseList['cases'][number] {
  return { id, title, state: value.state, stage: nameOf(value, value.stage), createdAt: at(createdMs) };
}

function runView(value: Case, { flow, stage, on, wait, atMs, run, outcome }: StageRun): CaseRun {
  return {
    flow,
    stage: nameOf(value, stage),
    on,
    wait,
    at: at(atMs),
    ...(run === undefined ? {} : { run }),
    state: outcome?.state ?? 'Running',
    ...(outcome?.error ? { error: outcome.error } : {}),
  };
}

function nameOf({ definition }: Case, stage: number): string {
  return definition.stages[stage]?.name ?? '';
}

function at(ms: number): string {
  return new Date(ms).toISOString();
}
