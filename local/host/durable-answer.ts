import type { EntityState, InstanceState, RuntimeStatus } from '../durable/engine-api';

/** An answer of the management API, before it goes out on either of its two ports. */
export interface ApiAnswer {
  status: number;
  headers?: Record<string, string>;
  /** JSON text. */
  body?: string;
}

export function empty(status: number): ApiAnswer {
  return { status };
}

/** @param body JSON text */
export function json(status: number, body: string, headers?: Record<string, string>): ApiAnswer {
  return headers ? { status, body, headers } : { status, body };
}

/** The extension's error body. Stack traces are .NET's own: the key is kept, the text is not. */
export function errorAnswer(
  status: number,
  message: string,
  exception?: { message: string; type: string },
): ApiAnswer {
  const detail = exception && {
    ExceptionMessage: exception.message,
    ExceptionType: exception.type,
    StackTrace: '',
  };
  return json(status, JSON.stringify({ Message: message, ...detail }));
}

export function isEnded(status: RuntimeStatus): boolean {
  return status === 'Completed' || status === 'Failed' || status === 'Terminated' || status === 'Canceled';
}

/** Body of one instance's status. Inputs and outputs are JSON texts already: nothing is parsed on the way out. */
export function statusBody(state: InstanceState, options: { showInput: boolean }): string {
  const input = options.showInput ? (state.input ?? 'null') : 'null';
  const history = state.history ? `,"historyEvents":${JSON.stringify(state.history)}` : '';
  return (
    `{"name":${JSON.stringify(state.name)},"instanceId":${JSON.stringify(state.instanceId)}` +
    `,"runtimeStatus":"${state.runtimeStatus}","input":${input}` +
    `,"customStatus":${state.customStatus ?? 'null'},"output":${state.output ?? 'null'}` +
    `,"createdTime":"${toSecond(state.createdMs)}","lastUpdatedTime":"${toSecond(state.lastUpdatedMs)}"${history}}`
  );
}

export function entityBody(entity: EntityState, options: { fetchState: boolean }): string {
  const id = JSON.stringify({ name: entity.name, key: entity.key });
  const time = new Date(entity.lastOperationMs).toISOString().replace(/\.?0+Z$/, 'Z');
  const state = options.fetchState ? (entity.state ?? 'null') : 'null';
  return `{"entityId":${id},"lastOperationTime":"${time}","state":${state}}`;
}

function toSecond(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** A JSON text made compact, as the extension stores what users send; the error is worded as Json.NET words it. */
export function compactJson(text: string): { ok: true; json: string } | { ok: false; message: string } {
  try {
    return { ok: true, json: JSON.stringify(JSON.parse(text)) };
  } catch {
    return { ok: false, message: jsonErrorMessage(text) };
  }
}

function jsonErrorMessage(text: string): string {
  if (text.trim() === '') return "Error reading JToken from JsonReader. Path '', line 0, position 0.";
  const lines = text.split('\n');
  const at = `Path '', line ${lines.length}, position ${(lines.at(-1) ?? '').length}.`;
  if (/^\s*\{\s*[\w$]*$/.test(text)) return `Unexpected end while parsing unquoted property name. ${at}`;
  return `Unexpected character or end encountered while parsing value. ${at}`;
}
