import { spawn } from 'node:child_process';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { signalGroup } from '../../process/process-group';

/*
 * A program in another session, with its input and output here. Windows passes no handles from session to session, so two processes of
 * the agent talk over a named pipe: `session-bridge` beside the agent, `in-session` in the user's session, started there by a task.
 * One line is one message.
 */

/** What `session-bridge` finds in its environment variable BRIDGE. */
export const bridgeJob = z.object({
  /** Named pipe; on other systems a socket's path. */
  pipe: z.string(),
  /** The other end proves with it that it was started by us: any user may see the names of pipes. */
  secret: z.string().min(32),
  program: z.string(),
  args: z.array(z.string()),
  cwd: z.string(),
  env: z.record(z.string(), z.string()),
});
export type BridgeJob = z.infer<typeof bridgeJob>;
export const BRIDGE = 'ATTENDANT_BRIDGE';

const hello = z.object({ secret: z.string() });
/** To the session: the job, then what goes to standard input. */
const toSession = z.union([
  bridgeJob.pick({ program: true, args: true, cwd: true, env: true }),
  z.object({ in: z.string() }),
  z.object({ end: z.literal(true) }),
]);
const fromSession = z.union([
  z.object({ out: z.string() }),
  z.object({ err: z.string() }),
  z.object({ exit: z.int() }),
]);

const CONNECT_MS = 60_000;
/** Exit code where the program could not be started. */
export const NOT_STARTED = 125;

interface Streams {
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream;
  error: NodeJS.WritableStream;
}

/**
 * The end beside the agent. @param start has `in-session` started in the session. @returns the program's exit code.
 * @throws Error when nobody comes in time.
 */
export async function bridge(job: BridgeJob, start: () => Promise<void>, streams: Streams): Promise<number> {
  const { pipe, secret, program, args, cwd, env } = job;
  const server = createServer();
  const joined = new Promise<Socket>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error('The program did not start in its session.')),
      CONNECT_MS,
    );
    server.once('error', reject);
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      createInterface({ input: socket }).once('line', (line) => {
        if (parse(hello, line)?.secret !== secret) return void socket.destroy();
        clearTimeout(timer);
        resolve(socket);
      });
    });
  });
  joined.catch(() => undefined);
  try {
    // The user of the session is not the one who listens.
    await new Promise<void>((resolve) =>
      server.listen({ path: pipe, readableAll: true, writableAll: true }, resolve),
    );
    await start();
    const socket = await joined;
    server.close();
    send(socket, { program, args, cwd, env });
    streams.input.on('data', (chunk: Buffer) => send(socket, { in: chunk.toString('base64') }));
    streams.input.once('end', () => send(socket, { end: true }));
    return await exitCode(socket, streams);
  } finally {
    server.close();
  }
}

function exitCode(socket: Socket, { output, error }: Streams): Promise<number> {
  return new Promise((resolve) => {
    createInterface({ input: socket }).on('line', (line) => {
      const message = parse(fromSession, line);
      if (message === undefined) return;
      if ('out' in message) output.write(Buffer.from(message.out, 'base64'));
      else if ('err' in message) error.write(Buffer.from(message.err, 'base64'));
      else resolve(message.exit);
    });
    socket.once('close', () => resolve(1));
  });
}

/** The end in the session: runs the one program that it is told, and ends it when the other end is gone. */
export async function inSession(pipe: string, secret: string): Promise<number> {
  const socket = connect(pipe);
  socket.on('error', () => undefined);
  send(socket, { secret });
  return new Promise((resolve) => {
    let child: ReturnType<typeof startProgram> | undefined;
    createInterface({ input: socket }).on('line', (line) => {
      const message = parse(toSession, line);
      if (message === undefined) return;
      if ('in' in message) child?.stdin.write(Buffer.from(message.in, 'base64'));
      else if ('end' in message) child?.stdin.end();
      else child ??= startProgram(message, socket, resolve);
    });
    socket.once('close', () => {
      if (child?.pid === undefined || child.exitCode !== null) return resolve(0);
      void signalGroup(child.pid, 'SIGKILL').then(() => resolve(1));
    });
  });
}

function startProgram(
  { program, args, cwd, env }: Pick<BridgeJob, 'program' | 'args' | 'cwd' | 'env'>,
  socket: Socket,
  ended: (code: number) => void,
) {
  // The session's own environment first: it knows home and folders of its user.
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    windowsHide: true,
    detached: true,
  });
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', (chunk: Buffer) => send(socket, { out: chunk.toString('base64') }));
  child.stderr.on('data', (chunk: Buffer) => send(socket, { err: chunk.toString('base64') }));
  const over = (exit: number): void => {
    send(socket, { exit });
    socket.end(() => ended(exit));
  };
  child.once('error', (error) => {
    send(socket, { err: Buffer.from(`${error.message}\n`).toString('base64') });
    over(NOT_STARTED);
  });
  child.once('close', (code) => over(code ?? 1));
  return child;
}

function send(socket: Socket, message: unknown): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}

function parse<T>(schema: z.ZodType<T>, line: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
