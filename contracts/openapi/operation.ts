import type { z } from 'zod';
import type { ErrorCode } from '../errors';

/** Groups of operations, in the order in which a newcomer needs them. */
export const tags = {
  Flows: 'Cloud flows: their definitions, starting a run.',
  Triggers: 'What starts runs by itself: schedules and events.',
  Runs: 'What runs do and did: state, log, files; cancelling them.',
  'Desktop flows': 'Automations that machines execute, published as packages.',
  Connections: 'Where desktop flows run and as whom.',
  Machines: 'Machines and their run queues.',
  'Machine groups': 'Machines that share one run queue.',
  Gateways: 'Other names of machines, and clusters of them over which runs are spread.',
  Changes: 'What happens in run queues, as it happens.',
  'Outgoing events': 'Telling other systems what happens, by signed webhooks.',
  'Business process flows': 'Stages that people take cases through, with flows in each.',
  Capacity: 'Unattended bots: how many there are, and how they are used.',
  Agents: "What the agent of a machine calls. Requests are signed with the machine's key.",
  Audit: 'Who changed what.',
  App: 'The app itself.',
} as const;

/** Parameters of one kind (path, query or headers) and values that make the documented example. */
export interface Parameters {
  schema: z.ZodObject;
  example: Readonly<Record<string, string | number>>;
}

/** A body: JSON with an example, or bytes of a media type. */
export type Content =
  { kind: 'json'; schema: z.ZodType; example: unknown } | { kind: 'bytes'; type: string; example?: string };

/** One way in which an operation is answered when it succeeds. */
export interface Answer {
  status: number;
  what: string;
  content?: Content;
  /** Name → what it says. */
  headers?: Readonly<Record<string, string>>;
}

/**
 * One line of the API's description. The document is made of these (`npm run docs`), and tests hold them against app.ts and
 * against what the handlers really answer.
 */
export interface Operation {
  /** Name of the function in app.ts. */
  name: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  /** As registered in app.ts: below /api. */
  route: string;
  tag: keyof typeof tags;
  summary: string;
  /** More than the summary says: markdown. */
  description?: string;
  /** key: `x-functions-key`, and the role of the caller (domain/access). machine: the signature of a registered machine. anyone: neither. */
  access: 'key' | 'machine' | 'anyone';
  path?: Parameters;
  query?: Parameters;
  headers?: Parameters;
  body?: Content & { required: boolean };
  answers: readonly Answer[];
  /** Beyond Internal and Unavailable, and beyond those of `access`, which every operation has. */
  errors: readonly ErrorCode[];
}

/** What reading a JSON body can be refused with. */
export const jsonBodyErrors = ['MalformedJson', 'BodyTooLarge', 'InvalidBody'] as const;

export function parameters<S extends z.ZodObject>(
  schema: S,
  example: Readonly<Record<string, string | number>> & Partial<z.input<S>>,
): Parameters {
  return { schema, example };
}

/** A JSON body that the caller sends; `example` is what the caller writes, defaults left out. */
export function jsonBody<S extends z.ZodType>(
  schema: S,
  example: z.input<S>,
  required = true,
): NonNullable<Operation['body']> {
  return { kind: 'json', schema, example, required };
}

export function bytesBody(type: string, example?: string): NonNullable<Operation['body']> {
  return { kind: 'bytes', type, required: true, ...(example === undefined ? {} : { example }) };
}

/** An answer with a JSON body. */
export function answer<S extends z.ZodType>(
  options: { status?: number; what: string; headers?: Record<string, string> },
  schema: S,
  example: z.output<S>,
): Answer {
  return { status: 200, ...options, content: { kind: 'json', schema, example } };
}

/** An answer of bytes. */
export function bytesAnswer(what: string, type: string, example?: string): Answer {
  return {
    status: 200,
    what,
    content: { kind: 'bytes', type, ...(example === undefined ? {} : { example }) },
  };
}
