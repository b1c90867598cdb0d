import { AppRig, RegisteredFunctions } from '../support/app-rig';
import { desktopRun, publishDesktopFlow, startDesktopRun, story } from '../support/runs';
import { TestAgent } from '../support/test-agent';

const mockFunctions = new RegisteredFunctions();
let mockRig: AppRig;
jest.mock('@azure/functions-core', () => mockFunctions.core, { virtual: true });
jest.mock('../../adapters/ports-factory', () => ({ createPorts: () => mockRig.ports }));
jest.mock('../../adapters/instances', () => ({ instancesOf: () => mockRig.instances }));

let agent: TestAgent;
beforeEach(async () => {
  jest.resetModules();
  mockRig = new AppRig(mockFunctions);
  jest.requireActual('../../app');
  mockRig.run();
  agent = await TestAgent.register(mockRig);
  await publishDesktopFlow(mockRig);
});
afterEach(() => mockRig.close());

test('a run is granted, offered, told to go, followed and recorded', async () => {
  await agent.hello();
  const run = await startDesktopRun(mockRig);
  expect(agent.commands().map(({ kind }) => kind)).toEqual(['offer']);
  const grant = await agent.startRun();
  expect(await desktopRun(mockRig, run)).toMatchObject({
    customStatus: { state: 'Running', machine: agent.machine },
  });
  await agent.succeed(grant, { total: '12.30' });
  expect(await desktopRun(mockRig, run)).toMatchObject({
    status: 'Completed',
    output: { state: 'Succeeded', outputs: { total: '12.30' }, machine: agent.machine },
  });
  expect(await story(mockRig, run)).toEqual([
    'queued',
    'offered to machine',
    'told to go',
    'started',
    'Succeeded',
  ]);
});
