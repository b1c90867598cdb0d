import type { ConsoleRunReport } from '../../contracts/agent-api';
import type { DesktopRunResult, TimelineEntry } from '../../contracts/runs';
import { cancelled, failed, judgeDone } from './judgements';
import { STARTED_OFFLINE } from './run-times';

/** What lists of runs name as the trigger of runs that were started at a machine: by its queue, and by itself while it was cut off. */
export const CONSOLE_TRIGGER = 'Console';
export const OFFLINE_TRIGGER = 'Console (offline)';

/** What is known of a run that its machine has reported when it was over. Instants are ms. */
export interface ReportedRun {
  result: DesktopRunResult;
  startedMs: number;
  endedMs: number;
  timeline: TimelineEntry[];
}

/** Row K1, ADR 5. Clocks that were wrong while the machine was alone make no run of the future, and none that ended before it began. */
export function judgeReport(report: ConsoleRunReport, receivedMs: number): ReportedRun {
  const endedMs = Math.min(Date.parse(report.endedAt), receivedMs);
  const startedMs = Math.min(Date.parse(report.startedAt), endedMs);
  const result = resultOf(report);
  const reason = result.error?.code;
  return {
    result,
    startedMs,
    endedMs,
    timeline: [
      { at: iso(startedMs), what: STARTED_OFFLINE, actor: report.user },
      { at: iso(endedMs), what: result.state, ...(reason === undefined ? {} : { reason }) },
      { at: iso(receivedMs), what: 'reported by the machine' },
    ],
  };
}

function resultOf(report: ConsoleRunReport): DesktopRunResult {
  if (report.outcome !== 'Stopped') return judgeDone(report, undefined);
  return report.error && report.error.code !== 'Cancelled'
    ? failed(report.error)
    : { ...cancelled(report.user), ...(report.error ? { error: report.error } : {}) };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
