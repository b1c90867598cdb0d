import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { flowCommand } from '../../agent/runner/commands';
import { padRunId, padRunUrl } from '../../agent/runner/pad';
import type { WorkerJob } from '../../contracts/worker-protocol';

/** Row L5: what exactly is run, for runners that are not on this computer. */
describe('the command of a runner', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'attendant-commands-'));
  const inputsFile = path.join(folder, 'inputs.json');
  beforeAll(() => {
    for (const program of ['pwsh', 'robot', 'PAD.Console.Host.exe']) {
      writeFileSync(path.join(folder, program), '', { mode: 0o755 });
    }
    writeFileSync(path.join(folder, 'main'), '');
    writeFileSync(inputsFile, '{"customer":"Müller & Co","n":2}');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function job(runner: WorkerJob['manifest']['runner'], more: Partial<WorkerJob> = {}): WorkerJob {
    return {
      run: '01KEZF7C000000000000000001-1',
      mode: 'attended',
      manifest: { name: 'test', version: '1.0.0', runner, entry: 'main', args: ['--dry', 'a b'] },
      packageFolder: folder,
      workFolder: '/r/work',
      artifactsFolder: '/r/artifacts',
      inputsFile,
      messagesFile: '/r/messages.jsonl',
      stopFile: '/r/stop',
      helpersFolder: '/h',
      env: { PATH: folder },
      maxProcesses: 1,
      allowElevated: true,
      ...more,
    };
  }
  const main = path.join(folder, 'main');

  test('powershell: no profile, no questions, the module by its path', async () => {
    expect(await flowCommand(job('powershell'))).toEqual({
      program: path.join(folder, 'pwsh'),
      args: ['-NoLogo', '-NoProfile', '-NonInteractive', '-File', main, '--dry', 'a b'],
      env: { PSModulePath: '/h/powershell' },
    });
  });

  test('robot: listener, inputs as variables, reports as artifacts; own options stand before the suite', async () => {
    const library = '/h/python/AttendantLibrary.py';
    expect(await flowCommand(job('robot'))).toEqual({
      program: path.join(folder, 'robot'),
      args: [
        '--listener',
        library,
        '--variablefile',
        library,
        '--outputdir',
        '/r/artifacts',
        '--dry',
        'a b',
        main,
      ],
    });
  });

  test('pad: the run URL for its console, in attended runs', async () => {
    const { program, args } = await flowCommand(
      job('pad', { manifest: { name: 'test', version: '1', runner: 'pad', entry: 'Take orders' } }),
    );
    expect(program).toBe(process.execPath);
    expect(args.slice(0, 2)).toEqual(['/h/pad/run-pad.js', path.join(folder, 'PAD.Console.Host.exe')]);
    const url = new URL(args[2] ?? '');
    expect(`${url.protocol}${url.pathname}`).toBe('ms-powerautomate:/console/flow/run');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      workflowName: 'Take orders',
      runId: padRunId('01KEZF7C000000000000000001-1'),
      inputArguments: expect.any(String) as string,
    });
    expect(JSON.parse(url.searchParams.get('inputArguments') ?? '')).toEqual({
      customer: 'Müller & Co',
      n: 2,
      AttendantMessages: '/r/messages.jsonl',
      AttendantArtifacts: '/r/artifacts',
      AttendantStop: '/r/stop',
    });
    await expect(flowCommand(job('pad', { mode: 'unattended' }))).rejects.toMatchObject({
      code: 'RunnerNotAvailable',
    });
  });

  test('pad: a GUID is the id of a flow; blanks are %20, as the console reads them', () => {
    const own = { AttendantMessages: 'm', AttendantArtifacts: 'a', AttendantStop: 's' };
    const entry = '75e8a905-615d-4011-bec2-7c1e52fce6f6';
    const url = padRunUrl({ entry, runId: 'r', environmentId: 'Default-1', inputs: { text: 'a b' }, own });
    expect(url).toMatch(
      /^ms-powerautomate:\/console\/flow\/run\?environmentId=Default-1&workflowId=75e8a905-615d-4011-bec2-7c1e52fce6f6&runId=r&inputArguments=%7B%22text%22%3A%22a%20b%22/,
    );
    expect(padRunId('01KEZF7C000000000000000001-1')).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(padRunId('01KEZF7C000000000000000001-1')).not.toBe(padRunId('01KEZF7C000000000000000001-2'));
  });

  test.each(['powershell', 'robot', 'pad'] as const)(
    '%s: without its program the error says what to install',
    async (kind) => {
      await expect(flowCommand(job(kind, { env: { PATH: '/nowhere' } }))).rejects.toMatchObject({
        code: 'RunnerNotAvailable',
        message: expect.stringMatching(/is not installed\.$/) as string,
      });
    },
  );
});
