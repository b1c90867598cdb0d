import { runsOfVisit, stageOf, type Case, type StageRun } from './state';

/** What the stage waits for before it may be left, in words: required data, then flows (row A4). Empty: the gate is open. */
export function missing(value: Case): string[] {
  const stage = stageOf(value);
  const data = stage.steps
    .filter(({ name, required }) => required && (value.data[name] ?? null) === null)
    .map(({ name }) => `${name} is required`);
  const flows = stage.flows
    .filter(({ wait, on }) => wait && on !== 'exit')
    .flatMap(({ flow }) => unfinished(flow, latest(value, flow)));
  return [...data, ...flows];
}

/** The flow's last run in this visit of the stage. */
function latest(value: Case, flow: string): StageRun | undefined {
  return runsOfVisit(value).findLast((run) => run.flow === flow);
}

function unfinished(flow: string, run: StageRun | undefined): string[] {
  if (!run) return [`the flow ${flow} has to be run`];
  if (!run.outcome) return [`the flow ${flow} has not ended`];
  return run.outcome.state === 'Succeeded'
    ? []
    : [`the flow ${flow} ended ${run.outcome.state}: run it again`];
}
