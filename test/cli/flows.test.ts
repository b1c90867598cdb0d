import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OrchestrationRuntimeStatus } from 'durable-functions';
import { errorInfo } from '../../contracts/errors';
import { KEY, openProduct } from './product';

const flow = {
  name: 'invoices',
  description: 'Checks a CSV of invoices and says what is wrong with each of its rows, at some length',
  triggers: {
    button: {
      type: 'Request',
      inputs: {
        schema: {
          type: 'object',
          properties: {
            csv: { type: 'string', format: 'file' },
            month: { type: 'integer' },
            note: { type: 'string' },
          },
          required: ['csv'],
        },
      },
    },
  },
  parameters: { limit: { type: 'int', defaultValue: 1 }, region: { type: 'string', defaultValue: 'eu' } },
  actions: { check: { type: 'Compose', inputs: 1 } },
};

describe('attendant flows', () => {
  let product: ReturnType<typeof openProduct>;
  let applied: Awaited<ReturnType<typeof product.run>>;
  beforeEach(async () => {
    product = openProduct();
    writeFileSync(join(product.cwd, 'flow.json'), JSON.stringify(flow));
    writeFileSync(join(product.cwd, 'in.csv'), 'a,b\n');
    applied = await product.run(['flows', 'apply', 'flow.json']);
  });
  afterEach(() => product.stop());

  it('applies, lists in 80 columns, shows with inputs', async () => {
    expect(applied).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/^DONE .*\ncreate +invoices +[0-9a-f]{12}$/),
    });
    const { out } = await product.run(['flows', 'list', '--utc']);
    const [head = '', row = ''] = out.split('\n');
    expect(head).toMatch(/^FLOW {6}TRIGGER {2}UPDATED {15}DESCRIPTION$/);
    expect(row).toMatch(/^invoices {2}Button {3}2026-01-15 12:00:00Z {2}Checks a CSV of .*…$/);
    expect(row.length).toBeLessThanOrEqual(80);
    expect((await product.run(['flows', 'show', 'invoices'])).out).toContain('"required"');
    const json = JSON.parse((await product.run(['flows', 'list', '--json'])).out) as { flows: unknown[] };
    expect(json.flows).toHaveLength(1);
  });

  it("runs with values for the flow's parameters", async () => {
    const parameters = ['--parameter', 'limit=5', '--parameter', 'region=7'];
    await product.run(['flows', 'run', 'invoices', '--input', 'csv=@in.csv', ...parameters]);
    expect(product.client.started[0]?.input).toMatchObject({ parameters: { limit: 5, region: '7' } });
  });

  it('runs with inputs read as the schema says, and files uploaded', async () => {
    const args = ['--input', 'csv=@in.csv', '--input', 'month=7', '--input', 'note=7'];
    const { out, exitCode } = await product.run(['flows', 'run', 'invoices', ...args]);
    const [started] = product.client.started;
    expect(exitCode).toBe(0);
    expect(out).toContain(started?.id);
    expect(started?.input).toMatchObject({
      triggerBody: { csv: expect.stringMatching(/^[0-9a-f]{64}$/), month: 7, note: '7' },
    });
  });

  it('takes all inputs as JSON, and gives JSON', async () => {
    writeFileSync(join(product.cwd, 'inputs.json'), JSON.stringify({ note: 'x', month: 1 }));
    const args = ['--input-json', '@inputs.json', '--input', 'csv=@in.csv', '--json'];
    const { out } = await product.run(['flows', 'run', 'invoices', ...args]);
    expect(JSON.parse(out)).toMatchObject({ run: product.client.started[0]?.id, status: 'Running' });
    expect(product.client.started[0]?.input).toMatchObject({ triggerBody: { note: 'x', month: 1 } });
  });

  it('L1: the same idempotency key starts one run', async () => {
    const args = ['flows', 'run', 'invoices', '--input', 'csv=@in.csv', '--idempotency-key', 'k', '--json'];
    const [one, two] = [await product.run(args), await product.run(args)];
    expect(two.out).toBe(one.out);
    expect(product.client.started).toHaveLength(1);
  });

  describe('--wait', () => {
    const wait = ['flows', 'run', 'invoices', '--input', 'csv=@in.csv', '--wait', '--utc'];
    const outcomes: [state: string, exitCode: number][] = [
      ['Succeeded', 0],
      ['Failed', 1],
      ['Cancelled', 3],
      ['TimedOut', 4],
    ];

    it.each(outcomes)('tells what goes on and exits for %s with %i', async (state, expected) => {
      let step = 0;
      product.onPause = async () => {
        const id = product.client.started[0]?.id ?? '';
        const actions = { check: { status: 'Running', run: `${id}-1` } };
        step += 1;
        if (step === 1) {
          product.client.instances.set(id, { customStatus: { state: 'Running', actions } });
          product.client.instances.set(`${id}-1`, { customStatus: { state: 'Queued', timeline: [] } });
        } else if (step === 2) {
          product.client.instances.set(`${id}-1`, { customStatus: { state: 'Running', timeline: [] } });
          await product.ports.runLogs.progress(`${id}-1`, {
            subflow: 'main',
            action: 'read',
            percent: 40,
            atMs: 1,
          });
        } else {
          const error = state === 'Succeeded' ? undefined : errorInfo('Cancelled');
          const output = { state, actions: {}, outputs: { total: '1.00' }, error };
          product.client.instances.set(id, { output, runtimeStatus: OrchestrationRuntimeStatus.Completed });
        }
      };
      const { out, err, exitCode } = await product.run(wait);
      const id = product.client.started[0]?.id;
      expect(exitCode).toBe(expected);
      expect(err.split('\n')).toEqual([
        `12:00:00Z  run ${id}: Running`,
        `12:00:00Z  ${id}-1: Queued`,
        `12:00:00Z  ${id}-1: Running  main › read, 40 %`,
        `12:00:00Z  run ${id}: ${state}`,
      ]);
      expect(out).toContain(`status     ${state}`);
      expect(out).toContain('\n  total: "1.00"');
      if (expected !== 0) expect(out).toContain('Cancelled: The run was cancelled.\nResubmit the run');
    });

    it('waits while the host is away for a moment', async () => {
      let away = 3;
      const finish = (): void => {
        const id = product.client.started[0]?.id ?? '';
        const output = { state: 'Succeeded', actions: {} };
        product.client.instances.set(id, { output, runtimeStatus: OrchestrationRuntimeStatus.Completed });
      };
      const { run } = product;
      const probe = await run(['flows', 'list']);
      expect(probe.exitCode).toBe(0);
      product.onPause = finish;
      const shellFetch: typeof fetch = async (input, init) => {
        const url = input instanceof Request ? input.url : String(input);
        if (url.includes('/runs/') && away-- > 0) {
          throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
        }
        return product.send(input, init);
      };
      const answer = await run(wait, { fetch: shellFetch });
      expect(answer.exitCode).toBe(0);
    });
  });

  describe('in trouble', () => {
    it('names wrong inputs with how to mend them', async () => {
      const { err, exitCode } = await product.run(['flows', 'run', 'invoices', '--input', 'csv=in.csv']);
      expect(exitCode).toBe(1);
      expect(err).toContain('[InvalidInput]\n  csv: is not the id of an uploaded file');
      const json = await product.run(['flows', 'run', 'invoices', '--json']);
      expect(JSON.parse(json.err)).toMatchObject({ code: 'InvalidInput', status: 400 });
    });

    it.each([
      [['flows', 'run', 'none'], 1, 'There is no cloud flow "none". [FlowNotFound]'],
      [
        ['flows', 'run', 'invoices', '--input', 'csv'],
        2,
        '--input csv: write it as name=value or name=@file.',
      ],
      [['flows', 'run', 'invoices', '--input', 'csv=@no.csv'], 2, 'no.csv: there is no such file.'],
      [['flows', 'run', 'invoices', '--parameter', 'limit'], 2, '--parameter limit: write it as name=value.'],
      [
        ['flows', 'run', 'invoices', '--parameter', 'limit=x'],
        2,
        '--parameter limit: "x" is not of type int.',
      ],
      [['flows', 'run', 'invoices', '--input', 'month=x'], 2, '--input month: "x" is not of type integer.'],
      [['flows', 'run', 'invoices', '--input-json', '[1]'], 2, '--input-json: give a JSON object'],
      [['flows', 'apply', 'in.csv'], 1, 'is not a flow definition'],
      [['flows', 'fly'], 2, "unknown command 'fly'"],
      [['flows', 'run'], 2, "missing required argument 'flow'"],
    ])('%j exits with %i', async (args, exitCode, message) => {
      const answer = await product.run(args);
      expect(answer.err).toContain(message);
      expect(answer.exitCode).toBe(exitCode);
    });

    it('says how to start a host, or name one', async () => {
      const environment = {};
      const none = await product.run(['flows', 'list'], { environment });
      expect([none.exitCode, none.err]).toEqual([5, expect.stringContaining('npm start')]);
      const down: typeof fetch = async () => {
        throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:7071') });
      };
      const away = await product.run(['flows', 'list'], { fetch: down });
      expect(away.exitCode).toBe(5);
      expect(away.err).toContain(
        'Nothing answers at http://localhost:7071 (connect ECONNREFUSED 127.0.0.1:7071).',
      );
    });

    it('says what to do about a wrong key', async () => {
      const { err, exitCode } = await product.run(['flows', 'list', '--key', 'wrong']);
      expect([exitCode, err]).toEqual([1, expect.stringContaining('`attendant key` shows it')]);
    });
  });

  it('finds the host that runs in this folder or above, and its key', async () => {
    const data = join(product.cwd, '.attendant');
    const below = join(product.cwd, 'a/b');
    mkdirSync(below, { recursive: true });
    mkdirSync(data);
    writeFileSync(
      join(data, 'endpoint.json'),
      JSON.stringify({ url: 'http://localhost:7071', key: KEY, pid: 1 }),
    );
    writeFileSync(join(data, 'keys.json'), JSON.stringify({ default: KEY }));
    expect((await product.run(['flows', 'list'], { environment: {}, cwd: below })).exitCode).toBe(0);
    expect((await product.run(['key'], { environment: {}, cwd: below })).out).toBe(KEY);
  });

  it('help has examples and exit codes', async () => {
    const { out, exitCode } = await product.run(['--help']);
    expect(exitCode).toBe(0);
    expect(out).toContain('Exit codes: 0 succeeded');
    expect((await product.run(['flows', 'run', '--help'])).out).toContain('csv=@invoices.csv --wait');
  });

  it('hands start and demo to the launcher, with its exit code', async () => {
    const asked: unknown[] = [];
    const run = async (script: string, args: string[]): Promise<number> => {
      asked.push([script.endsWith(join('dist', 'local', 'main.js')), args]);
      return 7;
    };
    const { exitCode } = await product.run(['demo', 'in.csv', '--port', '0'], { run });
    expect([exitCode, asked]).toEqual([7, [[true, ['demo', 'in.csv', '--port', '0']]]]);
  });
});
