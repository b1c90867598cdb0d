import type { ErrorInfo } from '../../contracts/errors';
import type { CaseState, ProcessDefinition, Stage, StageFlow } from '../../contracts/processes';

/** A case of a business process flow (row A4). Times in ms. It keeps the definition that it began with. */
export interface Case {
  definition: ProcessDefinition;
  state: CaseState;
  /** Place of the stage it is in, from 0. */
  stage: number;
  /** Counts entries into stages: what ran in an earlier visit of a stage says nothing of this one. */
  visit: number;
  data: Record<string, unknown>;
  runs: StageRun[];
  history: HistoryEntry[];
}

export interface StageRun {
  /** Unique in the case: what the run is claimed by, so that it is started once. */
  key: string;
  visit: number;
  stage: number;
  flow: string;
  on: StageFlow['on'];
  wait: boolean;
  /** Input of the flow, expressions not yet evaluated; undefined: the case's data. */
  inputs: Record<string, unknown> | undefined;
  atMs: number;
  by: string;
  run?: string;
  /** How it ended; undefined while it goes on. */
  outcome?: { state: string; error?: ErrorInfo };
}

export interface HistoryEntry {
  atMs: number;
  by: string;
  what: string;
  stage: number;
  reason?: string;
}

/** Who does something, when, and why. */
export interface Act {
  by: string;
  nowMs: number;
  reason?: string | undefined;
}

export function stageOf({ definition, stage }: Case): Stage {
  const found = definition.stages[stage];
  if (!found) throw new Error(`the process ${definition.name} has no stage ${stage}`);
  return found;
}

/** Runs of the present visit. */
export function runsOfVisit({ runs, visit }: Case): StageRun[] {
  return runs.filter((run) => run.visit === visit);
}

/** True while something has to be started or waited for. */
export function isPending(value: Case): boolean {
  return value.runs.some(({ outcome }) => outcome === undefined);
}
