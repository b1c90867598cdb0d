import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipFolder } from '../../../local/launcher/zip-folder';
import { root, SkippedTimeProduct } from './support/product';

// Three hours of all timers take half a minute of a busy machine.
jest.setTimeout(120_000);

function publicKey(type: 'ed25519' | 'x25519'): string {
  const { publicKey: key } =
    type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519');
  return key.export({ type: 'spki', format: 'der' }).toString('base64');
}

describe('the whole product with skipped time', () => {
  const product = new SkippedTimeProduct();
  const call = product.call.bind(product);

  async function registerMachine(): Promise<string> {
    const { token } = await call<{ token: string }>('POST', '/api/registration-tokens', {});
    const { machine } = await call<{ machine: string }>('POST', '/api/agent/register', {
      token,
      name: 'never-there',
      publicKey: publicKey('ed25519'),
      sealingKey: publicKey('x25519'),
      installation: 'a-folder',
      report: {
        os: 'linux',
        osVersion: '1',
        agentVersion: '1',
        hostname: 'h',
        maxSessions: 1,
        rds: false,
        multipleSessionsPerUser: false,
        sessions: [],
        runners: ['node'],
      },
    });
    return machine;
  }

  beforeAll(() => product.start());
  afterAll(() => product.end());

  test('L7, F7: three hours pass and a run whose machine never came is TimedOut with NoCandidateMachine', async () => {
    const machine = await registerMachine();
    await call('PUT', '/api/connections/c', { target: { kind: 'machine', id: machine } });
    await call('PUT', '/api/desktop-flows/noop', await zipFolder(join(root, 'bench/noop')));
    await call(
      'PUT',
      '/api/flows/bench',
      JSON.parse(readFileSync(join(root, 'bench/noop-flow.json'), 'utf8')),
    );
    const { run } = await call<{ run: string }>('POST', '/api/flows/bench/run', { connection: 'c' });
    interface View {
      status: string;
      requestedAt: string;
      endedAt?: string;
      error?: { code: string; message: string };
    }
    await product.host.advance({ hours: 2, minutes: 59 });
    expect((await call<View>('GET', `/api/runs/${run}`)).status).toBe('Running');
    await product.host.advance({ minutes: 2 });
    const view = await call<View>('GET', `/api/runs/${run}`);
    expect(view).toMatchObject({ status: 'TimedOut', error: { code: 'NoCandidateMachine' } });
    expect(view.error?.message).toContain('No machine able to run the desktop flow has been found.');
    expect(Date.parse(view.endedAt ?? '') - Date.parse(view.requestedAt)).toBe(3 * 3_600_000);
  });

  test('A8: a run that is past its days is removed, and what belonged to it', async () => {
    const flow = {
      name: 'say',
      triggers: { manual: { type: 'Request', kind: 'Http' } },
      actions: {
        Each: {
          type: 'Foreach',
          foreach: '@createArray(1, 2)',
          actions: { Say: { type: 'Compose', inputs: 1 } },
        },
      },
    };
    await call('PUT', '/api/flows/say', flow);
    const { run } = await call<{ run: string }>('POST', '/api/flows/say/run', {});
    await product.host.advance({ minutes: 1 });
    expect(await call('GET', `/api/runs/${run}`)).toMatchObject({ status: 'Succeeded' });
    const { requestedAt } = await call<{ requestedAt: string }>('GET', `/api/runs/${run}`);
    await product.start(Date.parse(requestedAt) + 31 * 24 * 3_600_000);
    await product.host.advance({ minutes: 2 });
    await expect(call('GET', `/api/runs/${run}`)).rejects.toThrow('RunNotFound');
    const { runs } = await call<{ runs: unknown[] }>('GET', '/api/runs?flow=say');
    expect(runs).toEqual([]);
  });
});
