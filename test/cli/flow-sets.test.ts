import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openProduct } from './product';

function flowOf(name: string, inputs: unknown = 1): object {
  return { name, triggers: { button: { type: 'Request' } }, actions: { Say: { type: 'Compose', inputs } } };
}

describe('flows as files', () => {
  let product: ReturnType<typeof openProduct>;
  beforeEach(() => {
    product = openProduct();
  });
  afterEach(() => product.stop());

  function write(file: string, content: unknown): void {
    const path = join(product.cwd, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  }
  const plan = (out: string): string[][] =>
    out
      .split('\n')
      .slice(1)
      .map((line) => line.split(/ {2,}/).slice(0, 2));

  test('validate lists every problem of every file with its line, and ends with 1', async () => {
    write('flows/good.json', flowOf('good'));
    write('flows/broken.json', '{ "name": ');
    write(
      'flows/below/wrong.yaml',
      [
        'name: wrong',
        'triggers: { button: { type: Request } }',
        'actions:',
        '  Say:',
        '    type: Compose',
        '    inputs: "@concatenate(\'a\')"',
        '  Send:',
        '    type: SendMail',
      ].join('\n'),
    );
    const { out, exitCode } = await product.run(['flows', 'validate', 'flows']);
    expect(exitCode).toBe(1);
    expect(out).toContain('flows/broken.json:1  (whole): ');
    expect(out).toContain(
      'flows/below/wrong.yaml:8  /actions/Send/type: is not a type of action that is supported',
    );
    expect(out).toContain('flows/below/wrong.yaml:6  /actions/Say/inputs: The expression');
    expect(out).toContain("    @concatenate('a')\n     ^");
    expect(out).toContain('in 2 of 3 files.');
    const json = JSON.parse((await product.run(['flows', 'validate', 'flows', '--json'])).out) as {
      problems: { file: string }[];
    };
    expect(json.problems.map(({ file }) => file)).toContain('flows/broken.json');
    expect(await product.run(['flows', 'validate', 'flows/good.json'])).toMatchObject({
      exitCode: 0,
      out: '1 file: all right.',
    });
    expect(await product.run(['flows', 'validate', 'nowhere'])).toMatchObject({ exitCode: 2 });
  });

  test('validate judges schedules and the schemas of inputs', async () => {
    const actions = { Say: { type: 'Compose', inputs: 1 } };
    const schedule = (recurrence: object): object => ({ type: 'Recurrence', recurrence });
    const wrong = {
      schema: { type: 'Request', inputs: { schema: { type: 'text' } } },
      zone: schedule({ frequency: 'Day', timeZone: 'Europe/Atlantis' }),
      cron: schedule({ cron: '61 * * * *' }),
      never: schedule({ cron: '0 0 31 2 *' }),
    };
    for (const [name, trigger] of Object.entries(wrong)) {
      write(`flows/${name}.json`, { name, triggers: { start: trigger }, actions });
    }
    const { out, exitCode } = await product.run(['flows', 'validate', 'flows']);
    expect(exitCode).toBe(1);
    expect(out).toContain('/triggers/start/inputs/schema: schema is invalid');
    expect(out).toContain('/triggers/start/recurrence/timeZone: is not a time zone');
    expect(out).toContain('/triggers/start/recurrence/cron: is no cron expression');
    expect(out).toContain('/triggers/start/recurrence/cron: never occurs');
    expect(out).toContain('in 4 of 4 files.');
  });

  test('apply shows a plan, writes what changed, deletes only when asked; nothing half-applied', async () => {
    write('flows/a.json', flowOf('a'));
    write('flows/b.yaml', JSON.stringify(flowOf('b')));
    const dry = await product.run(['flows', 'apply', 'flows', '--dry-run']);
    expect(dry.out).toContain('Nothing was changed: this is a dry run.');
    expect((await product.run(['flows', 'list', '--json'])).out).toContain('"flows": []');

    const first = await product.run(['flows', 'apply', 'flows']);
    expect(plan(first.out)).toEqual([
      ['create', 'a'],
      ['create', 'b'],
    ]);
    write('flows/a.json', flowOf('a', 2));
    write('flows/b.yaml', JSON.stringify(flowOf('c')));
    expect(plan((await product.run(['flows', 'apply', 'flows'])).out)).toEqual([
      ['update', 'a'],
      ['create', 'c'],
    ]);
    const pruned = await product.run(['flows', 'apply', 'flows', '--prune']);
    expect(plan(pruned.out)).toEqual([
      ['unchanged', 'a'],
      ['unchanged', 'c'],
      ['delete', 'b'],
    ]);

    write('flows/a.json', flowOf('a', 3));
    write('flows/bad.json', flowOf('bad', '@nothing('));
    const refused = await product.run(['flows', 'apply', 'flows']);
    expect(refused.exitCode).toBe(1);
    expect(refused.err).toContain('Nothing was done:\nflows/bad.json:11  /actions/Say/inputs');
    const listed = await product.run(['flows', 'export', 'out']);
    expect(listed.out).toBe('2 flows written to out.');
    expect(JSON.parse(readFileSync(join(product.cwd, 'out/a.json'), 'utf8'))).toMatchObject({
      actions: { Say: { inputs: 2 } },
    });
  });

  test('two files with one name are refused', async () => {
    write('flows/a.json', flowOf('a'));
    write('flows/b.json', flowOf('a', 2));
    const { err } = await product.run(['flows', 'apply', 'flows']);
    expect(err).toContain('flows/b.json  /name: is the name of the flow in flows/a.json too');
  });

  test('what is exported is applied as it was', async () => {
    write('a.json', flowOf('a', '@@home'));
    await product.run(['flows', 'apply', 'a.json']);
    await product.run(['flows', 'export', 'out']);
    expect(plan((await product.run(['flows', 'apply', 'out'])).out)).toEqual([['unchanged', 'a']]);
  });

  test('exports of Power Automate are converted, or listed with what cannot run', async () => {
    const fixtures = join(__dirname, '../fixtures/power-automate');
    for (const name of ['runs', 'does-not-run']) {
      write(`exported/${name}.json`, readFileSync(join(fixtures, `${name}.json`), 'utf8'));
    }
    const converted = await product.run(['flows', 'import', 'exported/runs.json', 'flows']);
    expect(converted.out).toBe('exported/runs.json → flows/book-invoices-finance.json');
    expect(readdirSync(join(product.cwd, 'flows'))).toEqual(['book-invoices-finance.json']);
    expect(await product.run(['flows', 'validate', 'flows'])).toMatchObject({ exitCode: 0 });
    const refused = await product.run(['flows', 'import', 'exported', 'flows']);
    expect(refused.exitCode).toBe(1);
    expect(refused.err).toContain(
      'exported/does-not-run.json:13  /properties/definition/actions/Send_an_email/type',
    );
  });
});
