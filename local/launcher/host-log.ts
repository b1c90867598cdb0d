import { openSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { destination, multistream, pino, type Logger } from 'pino';
import { z } from 'zod';

const line = z.object({
  level: z.number(),
  msg: z.string().optional(),
  err: z.object({ message: z.string() }).optional(),
});
const ERROR_LEVEL = 50;

/** Warnings and errors in words, for the person at the terminal. */
function terminal(): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const parsed = line.safeParse(JSON.parse(chunk.toString('utf8')));
      if (parsed.success) {
        const { level, msg, err } = parsed.data;
        console.error(
          `${level >= ERROR_LEVEL ? 'error' : 'warn'} ${[msg, err?.message].filter(Boolean).join(': ')}`,
        );
      }
      done();
    },
  });
}

/** The host's log: JSON lines in `host.log` of the data folder; warnings and errors on the terminal too. */
export function openHostLog(dataRoot: string): Logger {
  // Open from the start: a host that must end at once cannot flush a file that is still being opened.
  const file = destination({ dest: openSync(join(dataRoot, 'host.log'), 'a', 0o600), sync: false });
  return pino(
    { level: 'info', base: null },
    multistream([
      { level: 'info', stream: file },
      { level: 'warn', stream: terminal() },
    ]),
  );
}
