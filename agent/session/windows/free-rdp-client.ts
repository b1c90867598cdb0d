import { spawn } from 'node:child_process';
import { accessSync } from 'node:fs';
import path from 'node:path';
import { FREE_RDP_ARGS } from './free-rdp';

/** A connected client: the session's screen is there as long as it runs. */
export interface RdpClient {
  /** Resolves with what it has said when it ends. */
  ended: Promise<string>;
  end(): void;
}

/** Starts FreeRDP; `input` holds all of its arguments, the password among them. */
export type StartRdpClient = (program: string, input: string) => RdpClient;

export const startRdpClient: StartRdpClient = (program, input) => {
  const child = spawn(program, [...FREE_RDP_ARGS], { windowsHide: true, stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-8_000)));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', () => resolve(said));
  });
  return { ended, end: () => child.kill() };
};

export const NO_FREE_RDP =
  'FreeRDP is not installed. Put wfreerdp.exe (FreeRDP 3 or later) into C:\\Program Files\\FreeRDP, then run again.';

/** FreeRDP's client in folders that only administrators may change; undefined when it is not installed. */
export function findFreeRdp(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = [
    path.win32.join(env['ProgramFiles'] ?? 'C:\\Program Files', 'FreeRDP'),
    ...(env['Path'] ?? env['PATH'] ?? '').split(';'),
  ];
  return folders
    .filter(Boolean)
    .map((folder) => path.win32.join(folder, 'wfreerdp.exe'))
    .find((file) => {
      try {
        accessSync(file);
        return true;
      } catch {
        return false;
      }
    });
}
