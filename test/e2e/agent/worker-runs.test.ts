import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { startOf } from '../../../agent/process/process-identity';
import { AgentFixture, nodeFlow, stop } from '../../support/agent/agent-fixture';

/** Desktop flows in real worker processes (rows L4, L5). */
describe('a desktop flow in its worker', () => {
  const fixture = new AgentFixture();
  beforeAll(async () => {
    await fixture.start();
  });
  afterAll(() => fixture.end());
  const { broker } = fixture;

  async function outcome(files: Record<string, string>, inputs = {}): Promise<Record<string, unknown>> {
    return broker.event(await fixture.run(files, inputs), 'done');
  }

  test('Node: inputs, progress, log, outputs, artifacts, and a clean folder afterwards', async () => {
    const run = await fixture.run(
      nodeFlow(`
        const attendant = require('attendant');
        const fs = require('node:fs');
        attendant.progress({ subflow: 'Main', action: 'Greet', percent: 50 });
        console.log('hello ' + attendant.inputs.name);
        console.error('oops');
        fs.writeFileSync(attendant.artifact('note.txt'), 'kept');
        fs.writeFileSync('scratch', 'gone');
        attendant.outputs({ greeting: 'Hello ' + attendant.inputs.name });
        attendant.output('cwd', process.cwd());
      `),
      { name: 'Ada' },
    );
    const done = await broker.event(run, 'done');
    expect(done).toMatchObject({
      outcome: 'Succeeded',
      outputs: { greeting: 'Hello Ada' },
      artifacts: [{ name: 'note.txt', bytes: 4 }],
    });
    expect((done['usage'] as { wallMs: number }).wallMs).toBeGreaterThan(0);
    expect(fixture.controlPlane.artifacts.get(`${run}/artifacts/note.txt`)?.toString()).toBe('kept');
    expect(
      JSON.parse(broker.of(run).findLast((event) => event.kind === 'progress')?.body ?? ''),
    ).toMatchObject({
      subflow: 'Main',
      action: 'Greet',
      percent: 50,
    });
    const log = fixture.logOf(run).map((line) => `${line.stream} ${line.text}`);
    expect(log).toContain('out hello Ada');
    expect(log).toContain('err oops');
    expect(broker.kinds(run).at(-1)).toBe('done');
    const cwd = (done['outputs'] as { cwd: string }).cwd;
    expect(cwd.startsWith(fixture.dataDir)).toBe(true);
    expect(existsSync(cwd)).toBe(false);
    expect(readdirSync(path.join(fixture.dataDir, 'runs'))).toEqual([]);
  });

  test('Node, as an ES module with named imports', async () => {
    const files = {
      'desktop-flow.yaml': 'name: esm\nversion: 1.0.0\nrunner: node\nentry: main.mjs\n',
      'main.mjs': `import { inputs, output } from 'attendant'; output('twice', inputs.n * 2);`,
    };
    expect(await outcome(files, { n: 21 })).toMatchObject({ outcome: 'Succeeded', outputs: { twice: 42 } });
  });

  test('Python: inputs, progress, outputs, and an error of the flow', async () => {
    const files = {
      'desktop-flow.yaml': 'name: py\nversion: 1.0.0\nrunner: python\nentry: main.py\n',
      'main.py': [
        'import attendant',
        'attendant.progress(subflow="Main", action="Add", percent=10)',
        'print("adding ä")',
        'if attendant.inputs["n"] < 0: attendant.fail("negative", code="NEG", details="n < 0")',
        'attendant.outputs({"sum": attendant.inputs["n"] + 1})',
      ].join('\n'),
    };
    const run = await fixture.run(files, { n: 1 });
    expect(await broker.event(run, 'done')).toMatchObject({ outcome: 'Succeeded', outputs: { sum: 2 } });
    expect(fixture.logOf(run).map((line) => line.text)).toContain('adding ä');
    const failed = await outcome(files, { n: -1 });
    expect(failed).toMatchObject({
      outcome: 'Failed',
      error: {
        code: 'DesktopFlowFailed',
        subCode: 'NEG',
        message: expect.stringContaining('negative') as string,
      },
    });
    expect((failed['error'] as { details: string }).details).toContain('n < 0');
  });

  test('exec: a program of the package gets its arguments and writes to pipe 3', async () => {
    const files = {
      'desktop-flow.yaml':
        'name: sh\nversion: 1.0.0\nrunner: exec\nentry: sh\nargs: ["-c", "echo $1; cat \\"$ATTENDANT_INPUTS\\"; echo \'{\\"type\\":\\"output\\",\\"name\\":\\"ok\\",\\"value\\":true}\' >&3", sh, "one two"]\n',
    };
    const run = await fixture.run(files, { a: 1 });
    expect(await broker.event(run, 'done')).toMatchObject({ outcome: 'Succeeded', outputs: { ok: true } });
    expect(fixture.logOf(run).map((line) => line.text)).toEqual(
      expect.arrayContaining(['one two', '{"a":1}']),
    );
  });

  test('an input file arrives as a path', async () => {
    const file = fixture.controlPlane.addFile('a,b\n1,2\n');
    const flow = nodeFlow(
      `const a = require('attendant'); a.output('text', require('fs').readFileSync(a.inputs.csv, 'utf8'));`,
      'inputs: { type: object, properties: { csv: { type: string, format: file } } }\n',
    );
    expect(await outcome(flow, { csv: file })).toMatchObject({ outputs: { text: 'a,b\n1,2\n' } });
    expect(await outcome(flow, { csv: '0'.repeat(64) })).toMatchObject({
      outcome: 'Failed',
      error: { code: 'FileNotFound' },
    });
  });

  test.each([
    [
      'throws',
      nodeFlow('console.log("before"); throw new Error("boom");'),
      'DesktopFlowFailed',
      /exit code 1/,
      /before[^]*boom/,
    ],
    [
      'is ended by a signal',
      nodeFlow('process.kill(process.pid, "SIGKILL");'),
      'DesktopFlowFailed',
      /SIGKILL/,
      undefined,
    ],
    [
      'has outputs that do not fit the schema',
      nodeFlow(
        `require('attendant').output('n', 'x');`,
        'outputs: { type: object, properties: { n: { type: number } } }\n',
      ),
      'DesktopFlowBadOutput',
      /outputs\/n must be number/,
      undefined,
    ],
    [
      'has outputs over the limit',
      nodeFlow(`require('attendant').output('n', 'x'.repeat(200000));`),
      'DesktopFlowTooLarge',
      /131072 bytes/,
      undefined,
    ],
    [
      'has one output of 10 MB',
      nodeFlow(`require('attendant').output('n', 'x'.repeat(1e7));`),
      'DesktopFlowTooLarge',
      /131072 bytes/,
      undefined,
    ],
    ['wants elevation (C3)', nodeFlow('', 'elevated: true\n'), 'ElevationNotAllowed', /elevated/, undefined],
    [
      'has a runner that is not here',
      { 'desktop-flow.yaml': 'name: r\nversion: 1.0.0\nrunner: robot\nentry: a.robot\n' },
      'RunnerNotAvailable',
      /"robot"/,
      undefined,
    ],
    [
      'has no entry',
      { 'desktop-flow.yaml': 'name: r\nversion: 1.0.0\nrunner: node\nentry: ../../main.js\n' },
      'InvalidPackage',
      /entry/,
      undefined,
    ],
    ['has no manifest', { 'main.js': '' }, 'InvalidPackage', /desktop-flow\.yaml/, undefined],
  ])('a flow that %s fails with %#: a named error', async (_what, files, code, message, details) => {
    const done = await outcome(files);
    expect(done).toMatchObject({ outcome: 'Failed', error: { code } });
    const error = done['error'] as { message: string; details?: string };
    expect(error.message).toMatch(message);
    if (details) expect(error.details).toMatch(details);
  });

  test('garbage on pipe 3 is logged and the run goes on', async () => {
    const run = await fixture.run(
      nodeFlow(`
        const fs = require('fs');
        fs.writeSync(3, 'not json\\n{"type":"nonsense"}\\n' + Buffer.from([0, 255, 254]).toString('latin1') + '\\n[1,2\\n');
        for (let i = 0; i < 100; i++) fs.writeSync(3, 'more\\n');
        require('attendant').output('ok', 1);
      `),
    );
    expect(await broker.event(run, 'done')).toMatchObject({ outcome: 'Succeeded', outputs: { ok: 1 } });
    const warnings = fixture.logOf(run).filter((line) => line.stream === 'agent');
    expect(warnings[0]?.text).toContain('Not a message on pipe 3: not json');
    expect(warnings).toHaveLength(11);
  });

  test('binary log output is made printable', async () => {
    const run = await fixture.run(
      nodeFlow(`process.stdout.write(Buffer.from([65, 0, 27, 91, 51, 49, 109, 66, 7, 255, 10]));`),
    );
    await broker.event(run, 'done');
    const log = fixture.logOf(run).map((line) => line.text);
    expect(log).toContain('A\\x00B\\x07\\xff');
    expect(log).toContain('1 line(s) held bytes that are no text; they are shown as \\xNN.');
  });

  test('100 MB of log neither fill the memory nor lose the result', async () => {
    const before = process.memoryUsage().rss;
    const run = await fixture.run(
      nodeFlow(`
        const line = 'x'.repeat(1023) + '\\n';
        const block = Buffer.from(line.repeat(1024));
        for (let i = 0; i < 100; i++) require('fs').writeSync(1, block);
        console.log('the last line');
        require('attendant').output('done', true);
      `),
    );
    expect(await broker.event(run, 'done')).toMatchObject({ outcome: 'Succeeded', outputs: { done: true } });
    expect(process.memoryUsage().rss - before).toBeLessThan(150e6);
    const log = broker.of(run).filter((event) => event.kind === 'log');
    const bodies = log.map(
      (event) => JSON.parse(event.body) as { first: number; lines: unknown[]; dropped?: number },
    );
    let next = 0;
    for (const { first, lines } of bodies) {
      expect(first).toBe(next);
      next = first + lines.length;
    }
    const dropped = bodies.reduce((sum, body) => sum + (body.dropped ?? 0), 0);
    expect(dropped).toBeGreaterThan(50_000);
    expect(next + dropped).toBeGreaterThanOrEqual(102_400);
    expect(fixture.logOf(run).some((line) => /lines were left out/.test(line.text))).toBe(true);
  });

  test('a flow that never ends and ignores the question is killed after the grace time, children too', async () => {
    const fence = fixture.fence();
    const run = await fixture.run(
      nodeFlow(`
        process.on('SIGTERM', () => console.log('asked'));
        const { spawn } = require('child_process');
        const child = spawn('sh', ['-c', 'trap "" TERM; while :; do sleep 1; done'], { detached: true, stdio: 'ignore' });
        child.unref();
        console.log('child ' + child.pid);
        setInterval(() => {}, 1000);
      `),
      {},
      { fence },
    );
    await broker.until(() => fixture.logOf(run).some((line) => line.text.startsWith('child ')));
    const child = Number(
      fixture
        .logOf(run)
        .find((line) => line.text.startsWith('child '))
        ?.text.slice(6),
    );
    await broker.command(stop(run, fence, fixture.controlPlane.machine, 300));
    expect(await broker.event(run, 'done')).toMatchObject({ outcome: 'Stopped' });
    expect(fixture.logOf(run).map((line) => line.text)).toContain('asked');
    expect(await startOf(child)).toBeUndefined();
  });

  test('a flow that obeys the question ends at once', async () => {
    const fence = fixture.fence();
    const run = await fixture.run(
      nodeFlow(`
        require('attendant').onStop(() => { console.log('bye'); process.exit(0); });
        console.log('ready');
        setInterval(() => {}, 1000);
      `),
      {},
      { fence },
    );
    await broker.until(() => fixture.logOf(run).some((line) => line.text === 'ready'));
    await broker.command(stop(run, fence, fixture.controlPlane.machine, 20_000));
    expect(await broker.event(run, 'done')).toMatchObject({ outcome: 'Stopped' });
    expect(fixture.logOf(run).map((line) => line.text)).toContain('bye');
  });

  test('pause freezes the whole tree, resume thaws it, and a paused run can be stopped', async () => {
    const fence = fixture.fence();
    const { machine } = fixture.controlPlane;
    const run = await fixture.run(
      nodeFlow(`console.log('pid ' + process.pid); setInterval(() => {}, 20);`),
      {},
      { fence },
    );
    await broker.until(() => fixture.logOf(run).some((line) => line.text.startsWith('pid ')));
    const pid = Number(fixture.logOf(run)[0]?.text.slice(4));
    const state = (): string => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] ?? '';
    await broker.command({ v: 1, kind: 'pause', order: 1, run, machine, fence });
    await broker.event(run, 'paused');
    // A signal takes effect when the kernel next schedules the process.
    await fixture.until(() => state() === 'T');
    await broker.command({ v: 1, kind: 'resume', order: 2, run, machine, fence });
    await broker.event(run, 'resumed');
    await fixture.until(() => state() !== 'T');
    await broker.command({ v: 1, kind: 'pause', order: 3, run, machine, fence });
    await broker.command(stop(run, fence, machine, 5_000));
    expect(await broker.event(run, 'done')).toMatchObject({ outcome: 'Stopped' });
  });

  test('the flow does not see the secrets of the agent', async () => {
    process.env['ATTENDANT_TEST_SECRET'] = 'hidden';
    const run = await fixture.run(
      nodeFlow(`require('attendant').output('names', Object.keys(process.env));`),
    );
    delete process.env['ATTENDANT_TEST_SECRET'];
    const done = await broker.event(run, 'done');
    const { names } = done['outputs'] as { names: string[] };
    expect(names).toContain('PATH');
    expect(names).not.toContain('ATTENDANT_TEST_SECRET');
  });

  test('a worker that dies is a failed run with its last log lines, and the listener lives', async () => {
    const run = await fixture.run(
      nodeFlow(
        `console.log('last words'); setTimeout(() => process.kill(process.ppid, 'SIGKILL'), 300); setInterval(() => {}, 1000);`,
      ),
    );
    const done = await broker.event(run, 'done');
    expect(done).toMatchObject({ outcome: 'Failed', error: { code: 'SessionNotFound' } });
    expect((done['error'] as { details: string }).details).toContain('last words');
    expect(await outcome(nodeFlow(''))).toMatchObject({ outcome: 'Succeeded' });
  });
});
