import { stringify } from 'yaml';
import type { CloudRunView, DesktopRunView, RunError } from '../contracts/api-runs';
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
    ['started by', view.startedBy],
  ]);
  const actions = Object.entries(view.actions).map(([name, action]) => `  ${name}: ${action.status}`);
  const children = view.children.map((child) => `  ${childLine(child)}`);
  return [
    head,
    ...section('actions', actions),
    ...section('desktop-flow runs', children),
    ...section('outputs', outputLines(view.outputs)),
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
    ['machine', view.machine],
    ['queue', view.queue],
    ['requested', instant(view.requestedAt, utc)],
    ['ended', instant(view.endedAt, utc)],
    ['doing', progressText(view.progress)],
    ['paused', pausedText(view.paused, utc)],
    ['uses', usageText(view.usage)],
    [
      'screenshot',
      view.screenshot && ('none' in view.screenshot ? view.screenshot.none : view.screenshot.artifact),
    ],
  ]);
  const story = (view.timeline ?? []).map((entry) => {
    const who = entry.actor === undefined ? '' : ` by ${entry.actor}`;
    const why = entry.reason === undefined ? '' : ` (${entry.reason})`;
    return `  ${instant(entry.at, utc)}  ${entry.what}${who}${why}`;
  });
  return [
    head,
    ...section('timeline', story),
    ...section('outputs', outputLines(view.outputs)),
    ...errorLines(view.error),
  ].join('\n');
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

function childLine(child: DesktopRunView): string {
  const doing = progressText(child.progress);
  return [child.run, child.desktopFlow, child.status, child.machine, doing].filter(Boolean).join('  ');
}

function section(title: string, lines: string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines];
}

/** As YAML, which shows lists and nested values without noise. */
function outputLines(outputs: Record<string, unknown> | undefined): string[] {
  if (!outputs || Object.keys(outputs).length === 0) return [];
  const yaml = stringify(outputs, { lineWidth: 76, defaultStringType: 'PLAIN' });
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
