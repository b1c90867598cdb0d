import type { RpcTypedData } from './rpc';

/**
 * A value that is handed to the function as it is: the library does not touch what comes as `int`, and without a wire between an
 * object can go that way, unparsed.
 */
export const asIs = (value: unknown): RpcTypedData => ({ int: value as number });

/** Texts that begin as no JSON begins, or as a number and go on otherwise (ids). */
const NO_JSON = /^(?:[^\s"\d{[\-tfn]|[\d-][\d.eE+-]*[^\s\d.eE+-])/;

/**
 * A text as trigger data. The library tries to read every text as JSON and keeps what is none; finding that out by a SyntaxError
 * costs it more than all the rest of an invocation, so what cannot be JSON is handed over as it is.
 */
export const textData = (text: string): RpcTypedData => (NO_JSON.test(text) ? asIs(text) : { string: text });

/** A text as the library reads it: a value where it is JSON, else the text itself. */
export function readText(text: string): unknown {
  if (NO_JSON.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
