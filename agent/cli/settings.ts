import os from 'node:os';
import path from 'node:path';
import { hasCode } from '../errors';

/** Where the agent keeps what it knows: one place per computer for services, one per person else. */
export function defaultDataFolder(): string {
  if (process.platform === 'win32')
    return path.join(process.env['ProgramData'] ?? 'C:\\ProgramData', 'attendant-agent');
  return process.getuid?.() === 0 ? '/var/lib/attendant-agent' : path.join(os.homedir(), '.attendant-agent');
}

/** Sets what `agent.env` in the data folder says (HTTPS_PROXY, NO_PROXY, ATTENDANT_TRANSPORT …); what is set already wins. */
export function loadSettings(dataDir: string): void {
  try {
    process.loadEnvFile(path.join(dataDir, 'agent.env'));
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}
