import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { z } from 'zod';
import { consoleAddress } from '../../contracts/console';
import { consoleFolders } from '../console/folders';
import { ADDRESS_FILE } from '../console/start-console';
import { AgentError, hasCode } from '../errors';

/** The running agent's console, for commands of one user of the machine. */
export class ConsoleClient {
  private constructor(
    readonly url: string,
    private readonly token: string,
  ) {}

  /** @throws AgentError ConsoleNotFound, Forbidden. */
  static async open(dataDir: string): Promise<ConsoleClient> {
    const { folder, port } = await findConsole(dataDir);
    const { username: user, uid } = os.userInfo();
    const url = `http://127.0.0.1:${port}`;
    await send(url, { method: 'POST', path: 'knock', body: { user } });
    const token = await readFile(path.join(folder, `${uid >= 0 ? uid : user}.token`), 'utf8');
    return new ConsoleClient(url, token);
  }

  /** @throws AgentError with the agent's own code. */
  async json<T>(schema: z.ZodType<T>, request: { method: string; path: string; body?: object }): Promise<T> {
    return schema.parse(await (await this.send(request)).json());
  }

  send(request: { method: string; path: string; body?: object }): Promise<Response> {
    return send(this.url, { ...request, token: this.token });
  }
}

async function findConsole(dataDir: string): Promise<{ folder: string; port: number }> {
  for (const folder of consoleFolders(dataDir)) {
    try {
      const text = await readFile(path.join(folder, ADDRESS_FILE), 'utf8');
      return { folder, ...consoleAddress.parse(JSON.parse(text)) };
    } catch (error) {
      if (!hasCode(error, 'ENOENT') && !hasCode(error, 'EACCES')) throw error;
    }
  }
  throw new AgentError('ConsoleNotFound', 'No agent with a console runs on this machine.');
}

async function send(
  url: string,
  { method, path: route, body, token }: { method: string; path: string; body?: object; token?: string },
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`${url}/api/${route}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      body: body ? JSON.stringify(body) : null,
    });
  } catch (cause) {
    throw new AgentError('ConsoleNotFound', 'The agent does not answer.', { cause });
  }
  if (response.ok) return response;
  const problem = (await response.json()) as {
    code: ConstructorParameters<typeof AgentError>[0];
    detail: string;
  };
  throw new AgentError(problem.code, problem.detail);
}
