import { createWriteStream } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import yazl from 'yazl';
import { messageOf } from '../errors';
import { readIdentity } from '../identity/identity';
import { parseJournal } from '../journal/journal-lines';
import { apply, emptyState } from '../protocol/state';
import type { RunTool } from '../system/run-tool';
import { AGENT_VERSION } from '../version';
import type { Check } from './doctor';
import { SERVICE } from './service';
import { readStatus } from './status';

export interface DiagnosticsOptions {
  dataDir: string;
  /** The zip to write. */
  out: string;
  env: NodeJS.ProcessEnv;
  runTool: RunTool;
  doctor(): Promise<Check[]>;
}

const LAST_LOG_BYTES = 512 * 1024;
const LAST_RUNS = 50;
/** Settings of this program and of the network; their values are shown after secrets were struck out. */
const SHOWN = /^(ATTENDANT_(?!.*(KEY|TOKEN|SECRET|PASSWORD))|(HTTPS?|NO)_PROXY$|NODE_)/i;

/**
 * Puts what a helper needs into one zip: state, checks, versions, settings, the last of the log, and what the journal says of the last
 * runs, without their inputs and outputs. Keys, passwords and tokens are left out, and struck out wherever they occur.
 */
export async function writeDiagnostics(options: DiagnosticsOptions): Promise<void> {
  const { dataDir, out } = options;
  const clean = strike(await secrets(dataDir, options.env));
  const zip = new yazl.ZipFile();
  const add = async (name: string, content: () => Promise<unknown>): Promise<void> => {
    const found = await content().catch((error: unknown) => ({ problem: messageOf(error) }));
    const text = typeof found === 'string' ? found : JSON.stringify(found, null, 2);
    zip.addBuffer(Buffer.from(clean(text)), name);
  };
  await add('status.json', async () => (await readStatus(dataDir)).fields);
  await add('doctor.json', () => options.doctor());
  await add('versions.json', async () => ({
    agent: AGENT_VERSION,
    node: process.versions,
    os: `${os.type()} ${os.release()} ${os.version()} ${os.arch()}`,
    processors: os.availableParallelism(),
    memoryMB: Math.round(os.totalmem() / 1e6),
  }));
  await add('settings.json', async () => ({
    program: process.argv[1],
    dataDir,
    environment: Object.fromEntries(Object.entries(options.env).filter(([name]) => SHOWN.test(name))),
  }));
  await add('files.json', () => filesOf(dataDir));
  await add('journal.json', () => journalSummary(dataDir));
  for (const name of (await readdir(dataDir)).filter((entry) => /^agent\.log(\.1)?$/.test(entry)))
    await add(name, () => tailOf(path.join(dataDir, name)));
  if (process.platform === 'linux') await add('systemd.log', () => journalOfService(options.runTool));
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(out, { mode: 0o600 }));
}

/** Everything on this machine that opens something, as text to look for. */
async function secrets(dataDir: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const found: string[] = [];
  const identity = await readIdentity(dataDir).catch(() => undefined);
  for (const key of [identity?.signing.privateKey, identity?.sealing.privateKey]) {
    // A key may stand in a text as it is, or as JSON writes it.
    if (key) found.push(key, JSON.stringify(key).slice(1, -1));
  }
  for (const [name, value] of Object.entries(env))
    if (value && value.length >= 6 && /KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL/i.test(name)) found.push(value);
  return found;
}

/** @returns a function that strikes out the secrets, and whatever looks like one. */
export function strike(known: readonly string[]): (text: string) => string {
  return (text) =>
    known
      .reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
      .replaceAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g, '***')
      .replaceAll(/((?:SharedAccessKey|AccountKey|sig)=)[^;&\s"]+/gi, '$1***')
      .replaceAll(/((?:password|token|secret)["']?\s*[:=]\s*["']?)[^\s"',;&]+/gi, '$1***')
      .replaceAll(/\/\/[^/\s:@"]+:[^/\s@"]+@/g, '//***@');
}

async function filesOf(folder: string): Promise<unknown[]> {
  const names = await readdir(folder);
  return Promise.all(
    names.map(async (name) => {
      const { size, mtime, mode } = await stat(path.join(folder, name));
      return { name, bytes: size, changed: mtime, mode: (mode & 0o777).toString(8) };
    }),
  );
}

async function journalSummary(folder: string): Promise<unknown> {
  const { records, damagedLines } = parseJournal(await readFile(path.join(folder, 'journal.jsonl'), 'utf8'));
  const state = emptyState();
  for (const record of records) apply(state, record);
  const runs = [...state.runs].slice(-LAST_RUNS).map(([run, entry]) => ({
    run,
    state: entry.state,
    fence: entry.fence,
    ...(entry.state === 'done' ? { outcome: entry.body.outcome, code: entry.body.error?.code } : {}),
  }));
  return { damagedLines, unsent: state.unsent.size, highest: state.highest, known: state.runs.size, runs };
}

async function tailOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - LAST_LOG_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function journalOfService(runTool: RunTool): Promise<string> {
  const { stdout, stderr } = await runTool('journalctl', [
    '-u',
    SERVICE,
    '-n',
    '2000',
    '--no-pager',
    '-o',
    'short-iso',
  ]);
  return stdout || stderr;
}
