import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BrokerFixture, ROOT_KEY } from './broker-fixture';

const PYTHON = '/usr/bin/python3';
const hasProton = spawnSync(PYTHON, ['-c', 'import proton']).status === 0;
/** Only outside CI may the client be missing (Debian: python3-qpid-proton). */
const mayMiss = !process.env['CI'] && !hasProton;

const fixture = new BrokerFixture();
beforeAll(() => fixture.start());
afterAll(() => fixture.end());

test('qpid-proton authorises, sends, receives and settles', async () => {
  if (mayMiss) return console.warn('not run: python3-qpid-proton is missing');
  const queue = await fixture.queue();
  const script = join(__dirname, 'proton_client.py');
  const args = [script, String(fixture.broker.port), queue, ROOT_KEY.name, ROOT_KEY.key];
  const { stdout } = await promisify(execFile)(PYTHON, args, { timeout: 20_000 });
  expect(JSON.parse(stdout)).toEqual({
    wrong: 401,
    right: 202,
    received: [
      [true, 'm0', 0, 1],
      [true, 'm1', 0, 2],
      [true, 'm2', 0, 3],
      [true, 'm3', 0, 4],
    ],
    again: [
      ['m1', 1],
      ['m2', 0],
    ],
    dead: 'm3',
    large: 200_000,
    'too large': 'rejected',
    plain: 'by user and password',
  });
  expect(fixture.broker.counts(queue)).toMatchObject({ active: 0, locked: 0, deadLetter: 0 });
});
