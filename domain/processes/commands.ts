import type { ProcessDefinition, StageFlow } from '../../contracts/processes';
import { missing } from './gate';
import { runsOfVisit, stageOf, type Act, type Case, type StageRun } from './state';

/** The case as it is afterwards, or why it may not be done (row A4). */
export type Outcome = { ok: true; value: Case } | { ok: false; why: string };

export function begin(definition: ProcessDefinition, data: Record<string, unknown>, act: Act): Case {
  const empty: Case = { definition, state: 'open', stage: 0, visit: 0, data, runs: [], history: [] };
  return enter(empty, 0, { ...act, what: 'began' });
}

/** Changes pieces of data; null removes one. Those of any stage, as long as the case goes on. */
export function setData(value: Case, change: Record<string, unknown>, act: Act): Outcome {
  if (isOver(value)) return over(value);
  const known = new Set(value.definition.stages.flatMap(({ steps }) => steps.map(({ name }) => name)));
  const foreign = Object.keys(change).filter((name) => !known.has(name));
  if (foreign.length > 0) return { ok: false, why: `The process has no step ${foreign.join(', ')}.` };
  const data = Object.fromEntries(
    Object.entries({ ...value.data, ...change }).filter(([, given]) => given !== null),
  );
  return done({ ...value, data }, { ...act, what: `changed ${Object.keys(change).join(', ')}` });
}

/** On to the next stage, or to the end; where flows run on leaving, the case is `leaving` until they have ended. */
export function advance(value: Case, act: Act): Outcome {
  if (value.state !== 'open') return over(value);
  const gaps = missing(value);
  if (gaps.length > 0) return { ok: false, why: `${gaps.join('; ')}.` };
  const leaving = plan(value, 'exit', act);
  if (leaving.length === 0) return { ok: true, value: moveOn(value, act) };
  return done(
    { ...value, state: 'leaving', runs: [...value.runs, ...leaving] },
    { ...act, what: 'leaves the stage' },
  );
}

export function back(value: Case, act: Act): Outcome {
  if (value.state !== 'open') return over(value);
  if (value.stage === 0) return { ok: false, why: 'It is in its first stage.' };
  return { ok: true, value: enter(value, value.stage - 1, { ...act, what: 'went back' }) };
}

/** The end without having gone through. Flows that run go on. */
export function abandon(value: Case, act: Act): Outcome {
  if (isOver(value)) return over(value);
  return done({ ...value, state: 'abandoned' }, { ...act, what: 'abandoned' });
}

/** Runs a flow of the stage on demand; one that ran on entry may be run again once it has ended. */
export function runOnDemand(value: Case, flow: string, act: Act): Outcome {
  if (value.state !== 'open') return over(value);
  const stageFlow = stageOf(value).flows.find((known) => known.flow === flow && known.on !== 'exit');
  if (!stageFlow) return { ok: false, why: `The stage ${stageOf(value).name} has no flow ${flow} to run.` };
  const earlier = runsOfVisit(value).filter((run) => run.flow === flow);
  if (earlier.some(({ outcome }) => outcome === undefined)) {
    return { ok: false, why: `The flow ${flow} has not ended.` };
  }
  return done(
    { ...value, runs: [...value.runs, runOf(value, stageFlow, act)] },
    { ...act, what: `ran ${flow}` },
  );
}

/** A run got its id, or ended. A case that was leaving its stage goes on when all that it awaited has ended. */
export function told(value: Case, key: string, news: Pick<StageRun, 'run' | 'outcome'>, nowMs: number): Case {
  const runs = value.runs.map((run) => (run.key === key ? { ...run, ...news } : run));
  const next = { ...value, runs };
  if (next.state !== 'leaving') return next;
  // Of each flow the last run: earlier ones belong to an earlier try to leave.
  const awaited = stageOf(next)
    .flows.filter(({ on, wait }) => on === 'exit' && wait)
    .flatMap(({ flow }) => runsOfVisit(next).findLast((run) => run.flow === flow) ?? []);
  const failed = awaited.find(({ outcome }) => outcome !== undefined && outcome.state !== 'Succeeded');
  const act = { by: 'process', nowMs };
  if (failed) {
    const reason = `${failed.flow} ended ${failed.outcome?.state ?? ''}`;
    return noted({ ...next, state: 'open' }, { ...act, what: 'stays in the stage', reason });
  }
  return awaited.every(({ outcome }) => outcome !== undefined)
    ? moveOn({ ...next, state: 'open' }, act)
    : next;
}

function moveOn(value: Case, act: Act): Case {
  const next = value.stage + 1;
  if (next < value.definition.stages.length) return enter(value, next, { ...act, what: 'advanced' });
  return noted({ ...value, state: 'finished' }, { ...act, what: 'finished' });
}

function enter(value: Case, stage: number, act: Act & { what: string }): Case {
  const entered = noted({ ...value, state: 'open', stage, visit: value.visit + 1 }, act);
  return { ...entered, runs: [...entered.runs, ...plan(entered, 'entry', act)] };
}

function plan(value: Case, on: StageFlow['on'], act: Act): StageRun[] {
  return stageOf(value)
    .flows.filter((flow) => flow.on === on)
    .map((flow) => runOf(value, flow, act));
}

function runOf(value: Case, { flow, on, wait, inputs }: StageFlow, { by, nowMs }: Act): StageRun {
  const { visit, stage } = value;
  const nth = runsOfVisit(value).filter((run) => run.flow === flow).length + 1;
  return { key: `${visit}.${flow}.${nth}`, visit, stage, flow, on, wait, inputs, atMs: nowMs, by };
}

function done(value: Case, act: Act & { what: string }): Outcome {
  return { ok: true, value: noted(value, act) };
}

function noted(value: Case, { by, nowMs, what, reason }: Act & { what: string }): Case {
  const entry = { atMs: nowMs, by, what, stage: value.stage, ...(reason === undefined ? {} : { reason }) };
  return { ...value, history: [...value.history, entry] };
}

function isOver({ state }: Case): boolean {
  return state === 'finished' || state === 'abandoned';
}

function over({ state }: Case): Outcome {
  const why = state === 'leaving' ? 'It is leaving its stage: flows have not ended.' : `It is ${state}.`;
  return { ok: false, why };
}
