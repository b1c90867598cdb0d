import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** One recorded request to the real Functions host and its answer. */
export interface Exchange {
  name: string;
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
  status: number;
  responseHeaders?: Record<string, string>;
  responseBody?: string;
}

/** What of an answer is compared. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Headers that mean something to a caller; the others frame the message. */
const COMPARED = ['content-type', 'location', 'retry-after', 'www-authenticate', 'x-ms-continuation-token'];

const FIXTURES = resolve(__dirname, '../../fixtures/captures');

/** The recordings of one folder (`http`, `http-auth`, `sdk-http`), in the order in which they were made. */
export function recorded(folder: string): Exchange[] {
  return JSON.parse(readFileSync(`${FIXTURES}/${folder}.json`, 'utf8')) as Exchange[];
}

/** The number at the head of a recording's name. */
export function numberOf(exchange: Exchange): number {
  return Number.parseInt(exchange.name, 10);
}

/** The recorded answer without what changes from run to run. */
export function expectedAnswer(exchange: Exchange): Answer {
  return normalised({
    status: exchange.status,
    headers: exchange.responseHeaders ?? {},
    body: exchange.responseBody ?? '',
  });
}

/** Sends a recorded request to `origin` and gives the answer without what changes from run to run. */
export async function replay(
  exchange: Exchange,
  options: { origin: string; ids: Ids; headers?: Record<string, string> },
): Promise<Answer> {
  const { origin, ids } = options;
  const response = await fetch(origin + ids.translate(exchange.path), {
    method: exchange.method,
    headers: ids.translateAll({ ...exchange.headers, ...options.headers }),
    ...(exchange.body !== undefined && { body: ids.translate(exchange.body) }),
  });
  const body = await response.text();
  ids.learn(idOf(exchange.responseBody), idOf(body));
  ids.learn(
    exchange.responseHeaders?.['x-ms-continuation-token'],
    response.headers.get('x-ms-continuation-token') ?? undefined,
  );
  const headers: Record<string, string> = {};
  for (const name of COMPARED) {
    const value = response.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  return normalised({ status: response.status, headers, body });
}

/** Instance ids and continuation tokens that the host made up, then and now. */
export class Ids {
  private readonly now = new Map<string, string>();

  learn(then: string | undefined, now: string | undefined): void {
    if (then && now) this.now.set(then, now);
  }

  translate(text: string): string {
    let result = text;
    for (const [then, now] of this.now) result = result.replaceAll(then, now);
    return result;
  }

  translateAll(headers: Record<string, string>): Record<string, string> {
    return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, this.translate(value)]));
  }
}

function idOf(body: string | undefined): string | undefined {
  return /^\{"id":"([\da-f]{32})"/.exec(body ?? '')?.[1];
}

export function normalised(answer: Answer): Answer {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    headers[name] = name === 'x-ms-continuation-token' && value !== '' ? '<token>' : normalText(value);
  }
  return { status: answer.status, headers, body: normalBody(answer.body) };
}

function normalBody(body: string): string {
  if (!/^[[{"\d]/.test(body)) return normalText(body);
  const value = normalValue(JSON.parse(body));
  // Lists come in the order of ids, and many of those are made up.
  if (Array.isArray(value))
    return `[${value
      .map((each) => JSON.stringify(each))
      .sort()
      .join(',\n')}]`;
  return JSON.stringify(value);
}

/** Keys whose values belong to one build or one machine; the key itself and its place are compared. */
const OPAQUE = new Set(['StackTrace', 'Details', 'sorter', 'headers', 'processUptime', 'versionDetails']);

function normalValue(value: unknown): unknown {
  if (typeof value === 'string') return normalText(value);
  if (Array.isArray(value)) return value.map(normalValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, OPAQUE.has(key) ? `<${key}>` : normalValue(each)]),
  );
}

/** Hosts, ids, times, order of names, and the .NET exception that a failure carries behind its message. */
function normalText(text: string): string {
  return text
    .replace(/ \n \{"\$type":"System\.Exception.*$/s, ' \\n {exception}')
    .replace(/(known \w+ functions: )(.*)\.$/, (_, head: string, names: string) => {
      return `${head}${names.split(', ').sort().join(', ')}.`;
    })
    .replace(/https?:\/\/(localhost|127\.0\.0\.1):\d+/g, '<host>')
    .replace(/[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g, '<guid>')
    .replace(/\b[\da-f]{32}\b/g, '<id>')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|\+00:00)/g, '<instant$2>');
}
