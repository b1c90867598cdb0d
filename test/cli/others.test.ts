import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OrchestrationRuntimeStatus } from 'durable-functions';
import { errorInfo } from '../../contracts/errors';
import { openProduct } from './product';

const RUN = '01KEZF7C00000000000000000A';
const CHILD = `${RUN}-1`;
const MACHINE = `m-${'0'.repeat(26)}`;
const AT = Date.UTC(2026, 0, 15, 12);

let product: ReturnType<typeof openProduct>;
beforeEach(async () => {
  product = openProduct();
  const { ports, client } = product;
  const error = errorInfo('DesktopFlowFailed', { details: 'row 3: no amount' });
  const actions = { check: { status: 'Failed', run: CHILD, error } };
  await ports.runs.record({
    run: RUN,
    kind: 'cloud',
    name: 'invoices',
    state: 'Failed',
    requestedMs: AT,
    error,
  });
  client.instances.set(RUN, {
    output: { state: 'Failed', actions, error },
    runtimeStatus: OrchestrationRuntimeStatus.Completed,
  });
  const timeline = [
    { at: '2026-01-15T12:00:01.000Z', what: 'queued', actor: 'owner', reason: 'machine busy' },
  ];
  client.instances.set(CHILD, {
    customStatus: { state: 'Failed', machine: MACHINE, timeline, error },
    runtimeStatus: OrchestrationRuntimeStatus.Completed,
  });
  const line = (stream: 'out' | 'err', text: string) => ({ at: '2026-01-15T12:00:02.000Z', stream, text });
  await ports.runLogs.append(CHILD, 0, [line('out', 'reading'), line('err', 'row 3: no amount')]);
  await ports.blobs.put(`runs/${CHILD}/artifacts/rejects.csv`, Buffer.from('3'));
});
afterEach(() => product.stop());

const run = (...args: string[]) => product.run(args);

describe('attendant runs', () => {
  it('list', async () => {
    const { out } = await run('runs', 'list', '--utc', '--status', 'Failed');
    expect(out.split('\n')).toEqual([
      'RUN                         FLOW      STATUS  TRIGGER  REQUESTED',
      `${RUN}  invoices  Failed           2026-01-15 12:00:00Z`,
    ]);
    const wrong = await run('runs', 'list', '--top', '1000');
    expect(wrong.err).toContain('[InvalidQuery]\n  top: ');
  });

  it('show: how it ended and how to mend it; the story of a desktop-flow run', async () => {
    const { out } = await run('runs', 'show', RUN, '--utc');
    expect(out).toContain('status     Failed');
    expect(out).toContain(`  ${CHILD}  Failed  ${MACHINE}`);
    expect(out).toContain(
      'DesktopFlowFailed: The desktop flow ended with an error.\nrow 3: no amount\nRead the error',
    );
    const child = await run('runs', 'show', CHILD, '--utc');
    expect(child.out).toContain('  2026-01-15 12:00:01Z  queued by owner (machine busy)');
    expect((await run('runs', 'show', 'x')).err).toContain('[RunNotFound]');
  });

  it('cancel', async () => {
    expect((await run('runs', 'cancel', RUN)).err).toContain('[RunAlreadyEnded]');
    product.client.instances.set(RUN, { customStatus: { state: 'Running', actions: {} } });
    expect((await run('runs', 'cancel', RUN, '--reason', 'mistake')).out).toBe(`${RUN} is being cancelled.`);
    expect(product.client.raised[0]?.data).toMatchObject({ kind: 'cancel', reason: 'mistake' });
  });

  it('logs: of one run or of all below it, until the end', async () => {
    const expected = '12:00:02Z   reading\n12:00:02Z ! row 3: no amount';
    expect((await run('runs', 'logs', CHILD, '--utc')).out).toBe(expected);
    const all = await run('runs', 'logs', RUN, '--utc', '--follow');
    expect([all.out, all.err]).toEqual([expected, `--- ${CHILD}`]);
    const json = (await run('runs', 'logs', CHILD, '--json')).out.split('\n');
    expect(json.map((text) => JSON.parse(text) as unknown)).toEqual([
      expect.objectContaining({ run: CHILD, text: 'reading' }),
      expect.objectContaining({ stream: 'err' }),
    ]);
  });

  it('logs --follow: what comes while one waits', async () => {
    product.client.instances.set(CHILD, { customStatus: { state: 'Running', timeline: [] } });
    let waits = 0;
    product.onPause = async () => {
      waits += 1;
      const line = { at: '2026-01-15T12:00:03.000Z', stream: 'out' as const, text: 'more' };
      if (waits === 1) await product.ports.runLogs.append(CHILD, 2, [line]);
      else product.client.instances.set(CHILD, { output: { state: 'Succeeded' } });
    };
    expect((await run('runs', 'logs', CHILD, '--follow')).out.split('\n')).toHaveLength(3);
  });

  it('artifacts: listed and saved', async () => {
    const { out } = await run('runs', 'artifacts', RUN, '--save', 'files');
    expect(out).toMatch(/1 B {3}rejects\.csv$/);
    expect(readFileSync(join(product.cwd, 'files', CHILD, 'rejects.csv'), 'utf8')).toBe('3');
  });
});

describe('attendant desktop-flows', () => {
  it('publish and list', async () => {
    const folder = join(product.cwd, 'totals');
    mkdirSync(join(folder, '__pycache__'), { recursive: true });
    writeFileSync(
      join(folder, 'desktop-flow.yaml'),
      'name: totals\nversion: "1.2"\nrunner: node\nentry: main.js\n',
    );
    writeFileSync(join(folder, 'main.js'), '');
    writeFileSync(join(folder, '__pycache__/x.pyc'), '');
    const first = await run('desktop-flows', 'publish', 'totals');
    expect(first.out).toMatch(/^totals 1\.2 is published \([0-9a-f]{12}\)\.$/);
    expect((await run('desktop-flows', 'publish', 'totals')).out).toBe(first.out);
    expect((await run('desktop-flows', 'list')).out).toContain('totals');
    expect((await run('desktop-flows', 'publish', '.')).err).toContain('has no desktop-flow.yaml');
  });
});

describe('attendant machines and connections', () => {
  beforeEach(async () => {
    const report = {
      os: 'linux' as const,
      osVersion: '6',
      agentVersion: '1',
      hostname: 'h',
      maxSessions: 1,
      rds: false,
    };
    const keys = { publicKey: 'p', sealingKey: 's', installation: 'i' };
    await product.ports.machines.put({
      id: MACHINE,
      name: 'pc',
      epoch: 1,
      ...keys,
      report: { ...report, multipleSessionsPerUser: false, sessions: [], runners: ['node', 'python'] },
      registeredMs: AT,
      revoked: false,
    });
  });

  it('list, show, queue, token', async () => {
    expect((await run('machines', 'list')).out).toContain(`${MACHINE}  pc    offline`);
    expect((await run('machines', 'show', MACHINE)).out).toContain('runners        node, python');
    expect((await run('machines', 'queue', MACHINE)).out).toBe('Nothing runs and nothing waits.');
    const token = await run('machines', 'token', '--utc', '--expires', '5');
    expect(token.out).toMatch(/^\S+$/);
    expect(token.err).toBe('Good once, until 2026-01-15 12:05:00Z.');
    expect((await run('machines', 'token', '--expires', 'soon')).err).toContain('expiresInMinutes');
  });

  it('connections: the password comes from the environment and is never printed', async () => {
    const set = ['connections', 'set', 'office', '--machine', MACHINE, '--user', 'robot'];
    const args = [...set, '--password-variable', 'PASSWORD'];
    const missing = await product.run(args);
    expect([missing.exitCode, missing.err]).toEqual([2, 'The environment variable PASSWORD is not set.']);
    const environment = {
      ATTENDANT_URL: 'http://localhost:7071',
      ATTENDANT_KEY: 'the-key',
      PASSWORD: 'hunter2',
    };
    const stored = await product.run([...args, '--json'], { environment });
    expect(JSON.parse(stored.out)).toMatchObject({ name: 'office', hasCredential: true });
    const list = await run('connections', 'list');
    expect(list.out).toContain('stored');
    expect(stored.out + stored.err + list.out).not.toContain('hunter2');
  });

  describe('B9: connections test', () => {
    const members = [
      { machine: MACHINE, name: 'pc', reachable: true, user: 'known', userId: '1001', password: 'accepted' },
    ];
    const report = (more: object): object => ({
      connection: 'office',
      startedMs: AT,
      ok: true,
      members,
      ...more,
    });

    /** The test ends while the command waits. */
    async function test(output: object, ...args: string[]): ReturnType<typeof run> {
      await run('connections', 'set', 'office', '--machine', MACHINE, '--user', 'robot');
      product.onPause = () => {
        const started = product.client.started.find(({ name }) => name === 'test-connection');
        const runtimeStatus = OrchestrationRuntimeStatus.Completed;
        product.client.instances.set(started?.id ?? '', { input: started?.input, output, runtimeStatus });
      };
      return run('connections', 'test', 'office', ...args);
    }

    it('a line for each machine', async () => {
      const { exitCode, out } = await test(report({}));
      expect(out.split('\n')).toEqual([
        'MACHINE  RESULT  REACHABLE  USER          PASSWORD',
        'pc       ok      yes        known (1001)  accepted',
      ]);
      expect(exitCode).toBe(0);
    });

    it('what is wrong where, and how to mend it', async () => {
      const error = errorInfo('NoListenerConnected');
      const away = {
        machine: 'm',
        name: 'desk',
        reachable: false,
        user: 'notChecked',
        password: 'notChecked',
      };
      const { exitCode, out } = await test(report({ members: [...members, { ...away, error }] }));
      expect(out).toContain('desk     failed  no         not checked');
      expect(out).toContain(
        'desk: No agent of this machine is connected. [NoListenerConnected]\n  Check that',
      );
      expect(exitCode).toBe(1);
    });

    it('nobody to ask; --json', async () => {
      const output = { connection: 'office', startedMs: AT, ok: false, error: errorInfo('GroupIsEmpty') };
      const { exitCode, out } = await test(output, '--json');
      expect(JSON.parse(out)).toMatchObject({ status: 'done', ok: false, error: { code: 'GroupIsEmpty' } });
      expect(exitCode).toBe(1);
      const unknown = await run('connections', 'test', 'none');
      expect([unknown.exitCode, unknown.err]).toEqual([1, expect.stringContaining('[ConnectionNotFound]')]);
    });
  });
});
