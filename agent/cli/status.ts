import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { lockHolder } from '../identity/data-lock';
import { readIdentity } from '../identity/identity';
import { statusFileName } from '../listener/start-agent';

const statusFile = z.looseObject({
  pid: z.int(),
  state: z.string(),
  since: z.string(),
  code: z.string().optional(),
  message: z.string().optional(),
  remedy: z.string().optional(),
  trouble: z.string().optional(),
});

export interface AgentSummary {
  /** True when the agent is connected and can take runs. */
  works: boolean;
  text: string;
  fields: Record<string, unknown>;
}

/** What the agent on this data folder is doing, from its lock and its status file. */
export async function readStatus(dataDir: string): Promise<AgentSummary> {
  const identity = await readIdentity(dataDir);
  if (!identity) {
    return {
      works: false,
      text: `${dataDir} holds no registered machine.`,
      fields: { state: 'notRegistered' },
    };
  }
  const { machine, name, url } = identity;
  const who = `${name} (${machine}) at ${url}`;
  const pid = await lockHolder(dataDir);
  if (pid === undefined) {
    return {
      works: false,
      text: `${who}: not running.`,
      fields: { machine, name, url, state: 'notRunning' },
    };
  }
  const status = statusFile.parse(JSON.parse(await readFile(path.join(dataDir, statusFileName), 'utf8')));
  const lines = [
    `${who}: ${status.state} since ${status.since}, pid ${pid}.`,
    [status.code, status.message, status.remedy].filter(Boolean).join(' '),
    status.trouble ?? '',
  ];
  return {
    works: status.state === 'connected' && !status.trouble,
    text: lines.filter(Boolean).join('\n'),
    fields: { machine, name, url, ...status, pid },
  };
}
