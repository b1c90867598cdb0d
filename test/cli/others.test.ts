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
    const { out } = await run('runs', 'list', '--utc', '--state', 'Failed');
    expect(out.split('\n')).toEqual([
      'RUN                         FLOW      STATUS  REQUESTED',
      `${RUN}  invoices  Failed  2026-01-15 12:00:00Z`,
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
    expect((await run('machines', 'show', MACHINE)).out).toContain('runners       node, python');
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
});
