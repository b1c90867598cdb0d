import { errorInfo, type ErrorCode, type ErrorInfo } from '../../contracts/errors';
import type { WorkerResult } from '../../contracts/worker-protocol';
import type { FlowReport } from './flow-pipe';
import { misfits } from './schema';

/** Largest outputs as JSON; larger results belong into artifacts. */
const MAX_OUTPUT_BYTES = 128 * 1024;
/** Largest outputs as they travel, quoted inside the event: a message of Service Bus holds 256 KB. */
const MAX_QUOTED_BYTES = 200 * 1024;
const MAX_MESSAGE_CHARS = 2_000;
const MAX_DETAILS_CHARS = 8_000;

export interface FlowEnd {
  /** Exit code, or undefined when a signal ended the program. */
  exitCode: number | undefined;
  signal: string | undefined;
  stopAsked: 'checkpoint' | 'ask' | undefined;
  report: FlowReport;
  /** Last log lines. */
  tail: string;
  /** What may be behind a failure besides the flow itself. */
  hint?: string | undefined;
  /** JSON schema of the outputs, if the manifest has one. */
  schema: Record<string, unknown> | undefined;
}

/** Judges how a desktop flow ended. */
export function outcomeOf(end: FlowEnd): WorkerResult {
  const { report } = end;
  if (end.stopAsked === 'ask' || (end.stopAsked && report.stopped)) return stopped(report);
  if (report.error) {
    const { code, message, details } = report.error;
    return failed('DesktopFlowFailed', message, {
      subCode: code,
      details: [details, lastLines(end)].filter(Boolean).join('\n\n'),
    });
  }
  if (end.exitCode !== 0) {
    const how = end.signal ? `was ended by ${end.signal}` : `ended with exit code ${end.exitCode}`;
    return failed('DesktopFlowFailed', `The program ${how}.`, { details: lastLines(end) });
  }
  if (isTooLarge(report)) {
    return failed('DesktopFlowTooLarge', `The limit is ${MAX_OUTPUT_BYTES} bytes of JSON.`);
  }
  const misfit = misfits(end.schema, report.outputs, 'outputs');
  if (misfit) return failed('DesktopFlowBadOutput', misfit);
  return { outcome: 'Succeeded', outputs: report.outputs };
}

/** Row A7: with its outputs so far, where they can be sent. */
function stopped(report: FlowReport): WorkerResult {
  const none = Object.keys(report.outputs).length === 0;
  return { outcome: 'Stopped', ...(none || isTooLarge(report) ? {} : { outputs: report.outputs }) };
}

function isTooLarge({ oversized, outputs }: FlowReport): boolean {
  const text = JSON.stringify(outputs);
  return (
    oversized ||
    Buffer.byteLength(text) > MAX_OUTPUT_BYTES ||
    Buffer.byteLength(JSON.stringify(text)) > MAX_QUOTED_BYTES
  );
}

export function failed(
  code: ErrorCode,
  detail: string,
  extra: { subCode?: string | undefined; details?: string | undefined } = {},
): WorkerResult & { error: ErrorInfo } {
  const info = errorInfo(code, {
    detail: detail.slice(0, MAX_MESSAGE_CHARS),
    ...(extra.subCode ? { subCode: extra.subCode } : {}),
    ...(extra.details ? { details: extra.details.slice(-MAX_DETAILS_CHARS) } : {}),
  });
  return { outcome: 'Failed', error: info };
}

function lastLines(end: FlowEnd): string {
  return [end.hint, end.tail && `Last log lines:\n${end.tail}`].filter(Boolean).join('\n\n');
}
