import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** An answer of the API that is an error, in its own words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string | undefined,
    message: string,
  ) {
    super(message);
  }
}

interface Problem {
  title?: string;
  detail?: string;
  code?: string;
  remedy?: string;
  errors?: { path: string; message: string }[];
}

export interface RunView {
  run: string;
  status: string;
  outputs?: Record<string, unknown>;
  error?: { code: string; message: string; details?: string };
  [more: string]: unknown;
}

/** A host that restarts leaves callers without an answer. */
const ANSWER_WITHIN_MS = 100_000;

/** The few calls that the launcher makes to the API of the host it started. */
export class LocalApi {
  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {}

  async issueToken(): Promise<{ token: string }> {
    return (await this.call('POST', '/api/registration-tokens', '{}', 'application/json')) as {
      token: string;
    };
  }

  async put(path: string, body: unknown): Promise<void> {
    await this.call('PUT', path, JSON.stringify(body), 'application/json');
  }

  async putBytes(path: string, body: Uint8Array, type: string): Promise<void> {
    await this.call('PUT', path, body, type);
  }

  /** @returns the id under which flows take the file as input. */
  async uploadFile(path: string): Promise<string> {
    const body = readFileSync(path);
    const target = `/api/files?name=${encodeURIComponent(basename(path))}`;
    return ((await this.call('POST', target, body, 'application/octet-stream')) as { id: string }).id;
  }

  /** @returns the id of the run. */
  async runFlow(flow: string, input: unknown, idempotencyKey?: string): Promise<string> {
    const headers = idempotencyKey ? { 'idempotency-key': idempotencyKey } : {};
    const answer = await this.call(
      'POST',
      `/api/flows/${flow}/run`,
      JSON.stringify(input),
      'application/json',
      headers,
    );
    return (answer as { run: string }).run;
  }

  async run(run: string): Promise<RunView> {
    return (await this.call('GET', `/api/runs/${run}`)) as RunView;
  }

  /** @returns the JSON of the answer. @throws ApiError; TimeoutError when there is none */
  async call(
    method: string,
    path: string,
    body?: string | Uint8Array,
    type?: string,
    headers: Record<string, string> = {},
  ): Promise<unknown> {
    const response = await fetch(new URL(path, this.url), {
      method,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
      headers: { 'x-functions-key': this.key, ...(type ? { 'content-type': type } : {}), ...headers },
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    const text = await response.text();
    if (response.ok) return text === '' ? undefined : JSON.parse(text);
    throw problemError(response.status, text);
  }
}

function problemError(status: number, text: string): ApiError {
  let problem: Problem = {};
  try {
    problem = JSON.parse(text) as Problem;
  } catch {
    // Not ours (a proxy's page, an empty 401): the status says it all.
  }
  const fields = (problem.errors ?? []).map((error) => `\n  ${error.path}: ${error.message}`).join('');
  const said = problem.detail ?? problem.title ?? `The host answered ${status}.`;
  return new ApiError(status, problem.code, `${said}${fields}${problem.remedy ? `\n${problem.remedy}` : ''}`);
}
