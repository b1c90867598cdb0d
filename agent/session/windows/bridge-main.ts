import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { messageOf } from '../../errors';
import { ownProgram } from '../../own-program';
import { runTool, type RunTool } from '../../system/run-tool';
import { BRIDGE, bridge, bridgeJob, inSession, NOT_STARTED } from './bridge';
import { grantCommand, revokeCommand, sessionTaskXml, taskCommands } from './session-task';

/** All that `session-bridge` is told. */
export const bridgeOrder = z.object({
  job: bridgeJob,
  sid: z.string(),
  /** Folders that the user of the session gets at as long as the program runs. */
  change: z.array(z.string()),
  read: z.array(z.string()),
});
export type BridgeOrder = z.infer<typeof bridgeOrder>;

/** Starts `in-session` by a task of the session's user, and removes the task when it is there. @throws Error with what the system said. */
export async function startByTask(
  { job, sid }: BridgeOrder,
  run: RunTool,
  command = [...ownProgram('in-session'), job.pipe, job.secret],
): Promise<() => Promise<void>> {
  const name = `attendant-${randomBytes(8).toString('hex')}`;
  const file = path.join(os.tmpdir(), `${name}.xml`);
  const { create, start, remove } = taskCommands({ name }, file);
  const done = async (): Promise<void> => {
    await rm(file, { force: true });
    await run(remove[0], remove.slice(1));
  };
  await writeFile(file, sessionTaskXml({ name, sid, command }), { encoding: 'utf16le', mode: 0o600 });
  for (const [program, ...args] of [create, start]) {
    const { code, stdout, stderr } = await run(program, args);
    if (code === 0) continue;
    await done();
    throw new Error(`${args[0]} of the task was refused: ${(stderr || stdout).trim()}`);
  }
  return done;
}

/** `session-bridge`: its input and output are those of the program in the session, and so is its exit code. */
export async function bridgeMain(run: RunTool = runTool): Promise<void> {
  let done = async (): Promise<void> => undefined;
  const order = bridgeOrder.parse(JSON.parse(process.env[BRIDGE] ?? 'null'));
  const { job, sid, change, read } = order;
  const folders = [
    ...change.map((folder) => ({ folder, right: 'change' as const })),
    ...read.map((folder) => ({ folder, right: 'read' as const })),
  ];
  try {
    for (const { folder, right } of folders) {
      const [program, ...args] = grantCommand(folder, sid, right);
      const { code, stderr } = await run(program, args);
      if (code !== 0) throw new Error(`The user cannot be let into ${folder}: ${stderr.trim()}`);
    }
    const streams = { input: process.stdin, output: process.stdout, error: process.stderr };
    process.exitCode = await bridge(job, async () => void (done = await startByTask(order, run)), streams);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = NOT_STARTED;
  } finally {
    await done();
    for (const { folder } of folders) {
      const [program, ...args] = revokeCommand(folder, sid);
      await run(program, args);
    }
    // Standard input may still be open.
    process.exit();
  }
}

/** `in-session <pipe> <secret>`: runs in the user's session. */
export async function inSessionMain(): Promise<void> {
  const [pipe = '', secret = ''] = process.argv.slice(3);
  process.exit(await inSession(pipe, secret));
}
