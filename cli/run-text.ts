import { stringify } from 'yaml';
import type { CloudRunView, DesktopRunView, RunError } from '../contracts/api-runs';
import type { RunActions } from '../contracts/api-run-actions';
import type { ActionStatus, IterationCounts, TimelineEntry } from '../contracts/runs';
import { progressText } from './follow-run';
import { bytes, details, duration, instant } from './text';

/** An ended or running cloud-flow run for people. */
export function cloudRunText(view: CloudRunView, utc: boolean): string {
  const head = details([
    ['run', view.run],
    ['flow', view.flow],
    ['status', view.status],
    ['requested', instant(view.requestedAt, utc)],
    ['ended', instant(view.endedAt, utc)],
    ['took', view.endedAt && duration(Date.parse(view.endedAt) - Date.parse(view.requestedAt))],
    ['trigger', view.trigger],
    ['started by', view.startedBy],
    ['resubmitted from', view.resubmittedFrom],
    ['resubmitted as', view.resubmittedAs?.join(', ')],
  ]);
  const actions = Object.entries(view.actions).map(
    ([name, action]) => `  ${name}: ${action.status}${tookText(action)}${roundsText(action.iterations)}`,
  );
  const story = view.timeline.map((entry) => storyLine(entry, utc));
  const children = view.children.map((child) => `  ${childLine(child)}`);
  return [
    head,
    ...section('actions', actions),
    ...section('timeline', story),
    ...section('desktop-flow runs', children),
    ...section('outputs', outputLines(view.outputs, view.outputsMasked)),
    ...errorLines(view.error),
  ].join('\n');
}

/** A desktop-flow run for people, with its story. */
export function desktopRunText(view: DesktopRunView, utc: boolean): string {
  const head = details([
    ['run', view.run],
    ['of', view.parent],
    ['desktop flow', view.desktopFlow],
    ['status', view.status],
    ['trigger', view.trigger],
    ['started by', view.startedBy],
    ['machine', view.machine],
    ['queue', view.queue],
    ['requested', instant(view.requestedAt, utc)],
    ['ended', instant(view.endedAt, utc)],
    ['waited', view.waitedMs === undefined ? undefined : duration(view.waitedMs)],
    ['ran', view.ranMs === undefined ? undefined : duration(view.ranMs)],
    ['doing', progressText(view.progress)],
    ['paused', pausedText(view.paused, utc)],
    ['uses', usageText(view.usage)],
    [
      'screenshot',
      view.screenshot && ('none' in view.screenshot ? view.screenshot.none : view.screenshot.artifact),
    ],
  ]);
  const story = (view.timeline ?? []).map((entry) => storyLine(entry, utc));
  return [
    head,
    ...section('timeline', story),
    ...section('outputs', outputLines(view.outputs)),
    ...errorLines(view.error),
  ].join('\n');
}

function storyLine({ at, what, actor, reason }: TimelineEntry, utc: boolean): string {
  const who = actor === undefined ? '' : ` by ${actor}`;
  const why = reason === undefined ? '' : ` (${reason})`;
  return `  ${instant(at, utc)}  ${what}${who}${why}`;
}

function tookText({ startedAt, endedAt }: ActionStatus): string {
  if (startedAt === undefined || endedAt === undefined) return '';
  return `  ${duration(Date.parse(endedAt) - Date.parse(startedAt))}`;
}

function pausedText(paused: DesktopRunView['paused'], utc: boolean): string | undefined {
  if (!paused) return undefined;
  return `since ${instant(paused.since, utc)}${paused.by === undefined ? '' : ` by ${paused.by}`}`;
}

function usageText(usage: DesktopRunView['usage']): string | undefined {
  if (!usage) return undefined;
  const { cpuMs, cpuNow, rssBytes, peakRssBytes } = usage;
  const now = cpuNow === undefined ? '' : ` (${Math.round(cpuNow * 100)} % now)`;
  const memory = rssBytes === undefined ? '' : `${bytes(rssBytes)}, `;
  return `${(cpuMs / 1000).toFixed(1)} s CPU${now}, ${memory}${bytes(peakRssBytes)} memory at most`;
}

/** Actions that have ended, with what they were given and gave. */
export function actionsText({ actions, continuation }: RunActions, utc: boolean): string {
  const blocks = actions.map((action) =>
    [
      `${action.name}  ${action.status}${action.run === undefined ? '' : `  ${action.run}`}${roundsText(action.iterations)}`,
      ...outputLines({
        at: instant(action.startedAt ?? action.endedAt, utc),
        ...(action.inputs ? { inputs: valueOf(action.inputs) } : {}),
        ...(action.outputs ? { outputs: valueOf(action.outputs) } : {}),
        ...(action.error
          ? { error: `${action.error.code}: ${action.error.details ?? action.error.message}` }
          : {}),
      }),
    ].join('\n'),
  );
  return [...blocks, ...(continuation === undefined ? [] : [`more: --continuation '${continuation}'`])].join(
    '\n',
  );
}

function valueOf(shown: NonNullable<RunActions['actions'][number]['inputs']>): unknown {
  if ('value' in shown) return shown.value;
  return 'link' in shown ? `${shown.bytes} bytes: GET ${shown.link}` : '(masked)';
}

function roundsText(rounds: IterationCounts | undefined): string {
  if (!rounds) return '';
  const { total, running, succeeded, failed, cancelled } = rounds;
  const counts = { running, succeeded, failed, cancelled };
  const told = Object.entries(counts).flatMap(([word, count]) => (count > 0 ? [`${count} ${word}`] : []));
  const noun = total === 1 ? 'round' : 'rounds';
  return `  (${total} ${noun}${told.length > 0 ? `: ${told.join(', ')}` : ''})`;
}

function childLine(child: DesktopRunView): string {
  const doing = progressText(child.progress);
  return [child.run, child.desktopFlow, child.status, child.machine, doing].filter(Boolean).join('  ');
}

function section(title: string, lines: string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines];
}

/** As YAML, which shows lists and nested values without noise. */
function outputLines(outputs: Record<string, unknown> | undefined, masked: readonly string[] = []): string[] {
  if (!outputs || Object.keys(outputs).length + masked.length === 0) return [];
  const hidden = Object.fromEntries(masked.map((name) => [name, '(masked)']));
  const yaml = stringify({ ...outputs, ...hidden }, { lineWidth: 76, defaultStringType: 'PLAIN' });
  return yaml
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`);
}

function errorLines(error: RunError | undefined): string[] {
  if (!error) return [];
  const sub = error.subCode === undefined ? '' : ` (${error.subCode})`;
  const more = error.details === undefined ? [] : [error.details];
  return ['', `${error.code}${sub}: ${error.message}`, ...more, error.remedy];
}
