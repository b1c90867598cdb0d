import path from 'node:path';
import { BUNDLE_FILE } from './version';

/** Program and arguments that start this agent with another word (agent/bundle.ts), run as this process is. */
export function ownProgram(word: string): string[] {
  const file =
    path.basename(__filename) === BUNDLE_FILE
      ? __filename
      : path.join(__dirname, `bundle${path.extname(__filename)}`);
  return [process.execPath, ...process.execArgv, file, word];
}
