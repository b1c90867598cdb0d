import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

// npm run gui:kills -- --rounds 100: kills listener, worker and X server of running desktop flows at random moments.
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '100' } } });
const args = ['jest', '--config', 'jest.gui.config.js', 'test/e2e/gui/kills'];
const env = { ...process.env, GUI_KILL_ROUNDS: values.rounds };
process.exitCode = spawnSync('npx', args, { stdio: 'inherit', env }).status ?? 1;
