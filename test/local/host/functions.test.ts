import { until } from './support/until';
import { closeHosts, listeningLogger, startHost } from './support/hosts';

afterEach(closeHosts);

const http = (name: string): string =>
  `app.http('${name}', { authLevel: 'anonymous', handler: () => ({ body: '${name}' }) });`;

describe('which functions run', () => {
  test('one with a binding that the host does not have is named in the log; the others run', async () => {
    const { lines, log } = listeningLogger();
    const host = await startHost(
      {
        code: `${http('good')}
          const { output, input } = require('@azure/functions');
          app.cosmosDB('listens', { databaseName: 'd', containerName: 'c', handler: () => {} });
          df.app.activity('texts', { extraOutputs: [output.generic({ type: 'twilioSms' })], handler: () => 1 });
          app.http('reads', { extraInputs: [input.storageBlob({ path: 'a/b', connection: 'S' })], handler: () => ({}) });
          df.app.orchestration('asks', function* (c) { yield c.df.callActivity('texts'); });`,
      },
      { log },
    );
    expect(await (await fetch(`${host.url}/api/good`)).text()).toBe('good');
    expect((await fetch(`${host.url}/api/reads`)).status).toBe(404);
    const errors = lines.filter((line) => line.startsWith('error'));
    expect(errors).toEqual([
      expect.stringMatching(/'listens' function is in error: .* cosmosDBTrigger\./),
      expect.stringMatching(/'texts' function is in error: .* twilioSms\./),
      expect.stringMatching(/'reads' function is in error: .* blob\./),
    ]);
    await host.engine.start({ name: 'asks', instanceId: 'a' });
    await host.runUntilIdle();
    expect(await host.engine.get('a')).toMatchObject({
      runtimeStatus: 'Failed',
      output: expect.stringContaining("The function 'texts' doesn't exist, is disabled, or is not"),
    });
  });

  test('AzureWebJobs.<name>.Disabled takes a function off; the admin API still knows and runs it', async () => {
    const host = await startHost(
      {
        code: `${http('on')} ${http('off')}
          let runs = 0; app.http('runs', { authLevel: 'anonymous', handler: () => ({ jsonBody: runs }) });
          app.timer('sweep', { schedule: '0 0 0 1 1 *', runOnStartup: true, handler: () => { runs += 1; } });
          df.app.activity('act', { handler: () => 1 });
          df.app.orchestration('asks', function* (c) { yield c.df.callActivity('act'); });`,
      },
      {
        settings: {
          'AzureWebJobs.off.Disabled': 'true',
          AzureWebJobs_sweep_Disabled: '1',
          'AzureWebJobs.act.Disabled': 'True',
          'AzureWebJobs.on.Disabled': 'false',
        },
      },
    );
    expect((await fetch(`${host.url}/api/on`)).status).toBe(200);
    expect((await fetch(`${host.url}/api/off`)).status).toBe(404);
    const described = (await (await fetch(`${host.url}/admin/functions`)).json()) as {
      name: string;
      isDisabled: boolean;
    }[];
    const off = described.filter((fn) => fn.isDisabled).map((fn) => fn.name);
    expect(off).toEqual(['act', 'off', 'sweep']);
    await host.engine.start({ name: 'asks', instanceId: 'a' });
    await host.runUntilIdle();
    expect((await host.engine.get('a'))?.output).toContain("'act' doesn't exist, is disabled");

    const runs = async (): Promise<unknown> => (await fetch(`${host.url}/api/runs`)).json();
    expect(await runs()).toBe(0);
    const byHand = await fetch(`${host.url}/admin/functions/sweep`, { method: 'POST', body: '{}' });
    expect(byHand.status).toBe(202);
    await until(async () => (await runs()) === 1);
  });
});

test('an activity over functionTimeout fails its orchestration with the words of the host', async () => {
  const host = await startHost({
    host: { functionTimeout: '00:00:00.050' },
    code: `df.app.activity('hangs', { handler: () => new Promise(() => {}) });
      df.app.orchestration('asks', function* (c) { yield c.df.callActivity('hangs'); });`,
  });
  await host.engine.start({ name: 'asks', instanceId: 'a' });
  const ended = await until(async () => {
    const state = await host.engine.get('a');
    return state?.runtimeStatus === 'Failed' ? state : undefined;
  });
  expect(ended.output).toContain("Timeout value of 00:00:00 exceeded by function 'Functions.hangs'");
});

describe('logs', () => {
  test('all lines of one invocation carry its operation id: the trace of the caller, or one of its own', async () => {
    const lines: { fields: Record<string, unknown>; message: string }[] = [];
    const keep = (fields: object, message = ''): void => {
      lines.push({ fields: { ...fields }, message });
    };
    const host = await startHost(
      {
        code: `app.http('say', { authLevel: 'anonymous', handler: (_, c) => { c.log('said'); return { body: c.invocationId }; } });`,
      },
      { log: { debug: keep, info: keep, warn: keep, error: keep } },
    );
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traceparent = `00-${trace}-00f067aa0ba902b7-01`;
    const ids = [];
    for (const headers of [{ traceparent }, undefined, undefined]) {
      const response = await fetch(`${host.url}/api/say`, { ...(headers && { headers }) });
      ids.push(await response.text());
    }
    const operations = ids.map((id) => {
      const own = lines.filter(({ fields }) => fields['invocationId'] === id);
      expect(own.map(({ message }) => message)).toEqual([
        expect.stringMatching(/^Executing 'Functions\.say'/),
        'said',
        expect.stringMatching(/^Executed 'Functions\.say' \(Succeeded, /),
      ]);
      expect(new Set(own.map(({ fields }) => fields['operationId'])).size).toBe(1);
      return own[0]?.fields['operationId'];
    });
    expect(operations[0]).toBe(trace);
    expect(new Set(operations).size).toBe(3);
  });
});

test('an activity is given the same context however often it has been called, and its log is heard', async () => {
  const { lines, log } = listeningLogger();
  const host = await startHost(
    {
      code: `const tell = (input, context) => {
          context.warn('heard', input);
          const client = context.extraInputs.get(context.options.extraInputs[0]);
          const { functionName, triggerMetadata, traceContext, retryContext, options } = context;
          const like = { keys: Object.keys(context).sort(), functionName, triggerMetadata, traceContext, retryContext, options };
          return { input, like, client, taskHub: df.getClient(context).taskHubName };
        };
        df.app.activity('tell', { extraInputs: [df.input.durableClient()], handler: tell });
        df.app.orchestration('asks', function* ({ df }) {
          const told = [];
          for (const input of [{ a: 1 }, 'text', 7, null, undefined]) told.push(yield df.callActivity('tell', input));
          return told;
        });`,
    },
    { log },
  );
  await host.engine.start({ name: 'asks', instanceId: 'some-1' });
  await host.runUntilIdle();
  const { output } = (await host.engine.get('some-1')) ?? {};
  const told = JSON.parse(output ?? '[]') as { input?: unknown; like: unknown }[];
  expect(told.map(({ input }) => input)).toEqual([{ a: 1 }, 'text', 7, null, undefined]);
  for (const { input: _, ...other } of told) expect({ ...other, input: { a: 1 } }).toEqual(told[0]);
  expect(lines.filter((line) => line.includes('heard'))).toHaveLength(5);
});
