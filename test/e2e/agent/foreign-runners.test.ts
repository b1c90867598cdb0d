import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { AgentFixture } from '../../support/agent/agent-fixture';

/*
 * Stand-ins for programs that are not on this computer. Each does what the real one is documented to do with what it is given: Robot
 * Framework loads the listener and calls it in order, PowerShell gets a file, Power Automate's console takes the run URL and ends.
 */

const robot = `#!/usr/bin/env python3
import importlib.util, sys
from types import SimpleNamespace as Of
options = dict(zip(sys.argv[1:7:2], sys.argv[2:7:2]))
spec = importlib.util.spec_from_file_location("AttendantLibrary", options["--listener"])
library = importlib.util.module_from_spec(spec)
spec.loader.exec_module(library)
assert library.ROBOT_LISTENER_API_VERSION == 3
variables = library.get_variables()
open(options["--outputdir"] + "/report.html", "w").write("report")
suite = Of(name="Orders", test_count=2)
library.start_suite(suite, None)
failed = 0
for name in ["Take", "Send"]:
    library.start_test(Of(name=name), None)
    library.start_keyword(Of(name="Click Button"), None)
    library.attendant_output(name, variables["n"])
    library.attendant_checkpoint()
    bad = name == variables.get("fails")
    failed += bad
    library.end_test(Of(name=name), Of(status="FAIL" if bad else "PASS", message="no such button"))
library.end_suite(suite, None)
library.close()
sys.exit(failed)
`;

const pwsh = `#!/bin/sh
while [ "$1" != -File ]; do shift; done
test -f "\${PSModulePath%%:*}/Attendant/Attendant.psm1" || exit 9
. "$2"
`;

const padConsole = `#!/usr/bin/env node
const url = new URL(process.argv[2]);
const inputs = JSON.parse(url.searchParams.get('inputArguments'));
const flow = \`
  const fs = require('fs');
  const inputs = \${JSON.stringify(inputs)};
  const say = (message) => fs.appendFileSync(inputs.AttendantMessages, JSON.stringify(message) + '\\\\n');
  say({ type: 'progress', action: 'Click' });
  fs.writeFileSync(inputs.AttendantArtifacts + '/order.txt', 'x');
  setTimeout(() => {
    if (inputs.fails) return say({ type: 'error', message: 'no such window' });
    say({ type: 'output', name: 'twice', value: inputs.n * 2 });
    say({ type: 'end' });
  }, 300);
\`;
require('child_process').spawn(process.execPath, ['-e', flow], { detached: true, stdio: 'ignore' }).unref();
`;

/** Row L5: runners that are not on this computer, end to end with stand-ins. */
describe('a desktop flow of a program that is not here', () => {
  const fixture = new AgentFixture();
  const { broker } = fixture;
  const programs = mkdtempSync(path.join(os.tmpdir(), 'attendant-programs-'));
  const before = process.env['PATH'];
  beforeAll(async () => {
    for (const [name, text] of Object.entries({ robot, pwsh, 'PAD.Console.Host.exe': padConsole })) {
      writeFileSync(path.join(programs, name), text);
      chmodSync(path.join(programs, name), 0o755);
    }
    process.env['PATH'] = `${programs}:${before}`;
    await fixture.start();
  });
  afterAll(async () => {
    process.env['PATH'] = before;
    await fixture.end();
    rmSync(programs, { recursive: true });
  });

  const flow = (runner: string, entry: string, content = ''): Record<string, string> => ({
    'desktop-flow.yaml': `name: test\nversion: 1.0.0\nrunner: ${runner}\nentry: ${entry}\n`,
    [entry]: content,
  });

  async function ran(
    files: Record<string, string>,
    inputs: object,
  ): Promise<{ run: string; done: Record<string, unknown> }> {
    const run = await fixture.run(files, { ...inputs });
    return { run, done: await broker.event(run, 'done') };
  }

  test('the machine says what it can run', async () => {
    await broker.until(() => broker.events.some((event) => event.kind === 'hello'));
    const hello = JSON.parse(broker.events.find((event) => event.kind === 'hello')?.body ?? '{}') as {
      report: { runners: string[] };
    };
    expect(hello.report.runners).toEqual(['exec', 'node', 'python', 'powershell', 'robot', 'pad']);
  });

  test('robot: suite and test are the subflow, the keyword is the action', async () => {
    const { run, done } = await ran(flow('robot', 'orders.robot'), { n: 2 });
    expect(done).toMatchObject({
      outcome: 'Succeeded',
      outputs: { Take: 2, Send: 2 },
      artifacts: [{ name: 'report.html', bytes: 6 }],
    });
    const progress = broker.of(run).findLast((event) => event.kind === 'progress');
    expect(JSON.parse(progress?.body ?? '{}')).toMatchObject({
      subflow: 'Orders / Send',
      action: 'Click Button',
      percent: 50,
    });
  });

  test('robot: the first failed test is the error of the run', async () => {
    const { done } = await ran(flow('robot', 'orders.robot'), { n: 2, fails: 'Send' });
    expect(done).toMatchObject({
      outcome: 'Failed',
      error: {
        code: 'DesktopFlowFailed',
        subCode: 'RobotTestFailed',
        message: expect.stringContaining('1 of 2 tests failed. Send: no such button') as string,
      },
    });
  });

  test('powershell: messages through the message file', async () => {
    const said = `echo '{"type":"output","name":"ok","value":true}' >>"$ATTENDANT_MESSAGES"; printf '{"type":"progress","action":"x"}' >>"$ATTENDANT_MESSAGES"`;
    const { done } = await ran(flow('powershell', 'main.ps1', said), {});
    expect(done).toMatchObject({ outcome: 'Succeeded', outputs: { ok: true } });
  });

  test('pad: the run lasts until the flow says that it has ended', async () => {
    const { run, done } = await ran(flow('pad', 'Take orders'), { n: 21 });
    expect(done).toMatchObject({
      outcome: 'Succeeded',
      outputs: { twice: 42 },
      artifacts: [{ name: 'order.txt' }],
    });
    expect(broker.kinds(run)).toContain('progress');
    expect((await ran(flow('pad', 'Take orders'), { n: 1, fails: true })).done).toMatchObject({
      outcome: 'Failed',
      error: { message: expect.stringContaining('no such window') as string },
    });
  });
});
