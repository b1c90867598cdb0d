import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { lockHolder } from '../../agent/identity/data-lock';
import { LocalApi } from './local-api';
import type { DataDir } from './data-dir';
import { nodeProgram, Supervised } from './supervisor';

export interface LocalAgentOptions {
  root: string;
  dir: DataDir;
  url: string;
  key: string;
  log: (line: string) => void;
  onGaveUp: (reason: string) => void;
}

export interface LocalAgent {
  machine: string;
  stop(): Promise<void>;
}

const identity = z.object({ machine: z.string(), url: z.string() });
export const LOCAL_MACHINE = 'this-computer';
/** How often an agent that is not our child is looked after (ms). */
const LOOK_MS = 250;

function readIdentity(dir: DataDir): z.infer<typeof identity> | undefined {
  const path = join(dir.agent, 'identity.json');
  return existsSync(path) ? identity.parse(JSON.parse(readFileSync(path, 'utf8'))) : undefined;
}

async function register(options: LocalAgentOptions, script: string): Promise<void> {
  const { token } = await new LocalApi(options.url, options.key).issueToken();
  const args = [
    '--no-warnings',
    script,
    'register',
    '--url',
    options.url,
    '--token',
    '-',
    '--name',
    LOCAL_MACHINE,
    '--data',
    options.dir.agent,
  ];
  const child = spawn(nodeProgram(options.root), args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(token);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  if (code !== 0) throw new Error(`The agent of this computer could not be registered: ${said.trim()}`);
}

/** Registers this computer at the first start, then keeps its agent running; adopts one that already runs. */
export async function ensureLocalAgent(options: LocalAgentOptions): Promise<LocalAgent> {
  const script = join(options.root, 'dist/agent/main.js');
  if (!readIdentity(options.dir)) await register(options, script);
  const known = readIdentity(options.dir);
  if (!known) throw new Error('The agent of this computer did not store its identity.');

  const supervise = (): Supervised =>
    new Supervised({
      name: 'agent',
      node: nodeProgram(options.root),
      script,
      // Runs of this computer belong in the session of whoever has started the product; an administrator who does that has decided
      // what machines of a fleet refuse (row C3).
      args: [
        'run',
        '--data',
        options.dir.agent,
        '--url',
        options.url,
        '--session',
        'own',
        '--allow-elevated',
      ],
      detached: true,
      fatalCodes: [78],
      onLine: options.log,
      onGaveUp: () => options.onGaveUp('The agent of this computer cannot run; its last lines say why.'),
    });
  // An agent outlives a launcher that was killed, as it would on a machine of its own: its run goes on.
  const survivor = await lockHolder(options.dir.agent);
  if (survivor === undefined) {
    const agent = supervise();
    return { machine: known.machine, stop: () => agent.stop() };
  }
  options.log(`agent already runs (pid ${survivor})`);
  return { machine: known.machine, stop: adopt(survivor, { folder: options.dir.agent, supervise }) };
}

/** Watches an agent that is not our child, and puts one in its place when it ends. @returns what stops either. */
function adopt(pid: number, next: { folder: string; supervise: () => Supervised }): () => Promise<void> {
  let successor: Supervised | undefined;
  let stopping = false;
  const gone = (async () => {
    while ((await lockHolder(next.folder)) === pid)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    if (!stopping) successor = next.supervise();
  })();
  return async () => {
    stopping = true;
    if (successor) return successor.stop();
    try {
      process.kill(pid, 'SIGTERM');
    } catch {
      // It has ended by itself.
    }
    await gone;
  };
}
