import { Ajv2020 } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { errorInfo, type ErrorCode, type ErrorInfo } from '../../contracts/errors';
import type { WorkerResult } from '../../contracts/worker-protocol';
import { messageOf } from '../errors';
import type { FlowReport } from './flow-pipe';

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
  stopAsked: boolean;
  report: FlowReport;
  /** Last log lines. */
  tail: string;
  /** JSON schema of the outputs, if the manifest has one. */
  schema: Record<string, unknown> | undefined;
}

/** Judges how a desktop flow ended. */
export function outcomeOf(end: FlowEnd): WorkerResult {
  const { report } = end;
  if (end.stopAsked) return { outcome: 'Stopped' };
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
  const bytes = Buffer.byteLength(JSON.stringify(report.outputs));
  const quotedBytes = Buffer.byteLength(JSON.stringify(JSON.stringify(report.outputs)));
  if (report.oversized || bytes > MAX_OUTPUT_BYTES || quotedBytes > MAX_QUOTED_BYTES) {
    return failed('DesktopFlowTooLarge', `The limit is ${MAX_OUTPUT_BYTES} bytes of JSON.`);
  }
  const misfit = end.schema && schemaErrors(end.schema, report.outputs);
  if (misfit) return failed('DesktopFlowBadOutput', misfit);
  return { outcome: 'Succeeded', outputs: report.outputs };
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
  return end.tail ? `Last log lines:\n${end.tail}` : '';
}

/** @returns what is wrong with `value`, or undefined when it fits. */
function schemaErrors(schema: Record<string, unknown>, value: unknown): string | undefined {
  const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false });
  addFormats.default(ajv);
  try {
    const validate = ajv.compile(schema);
    return validate(value) ? undefined : ajv.errorsText(validate.errors, { dataVar: 'outputs' });
  } catch (error) {
    return `The output schema cannot be used: ${messageOf(error)}`;
  }
}
