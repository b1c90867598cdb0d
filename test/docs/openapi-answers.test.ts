import type { Operation } from '../../contracts/openapi/operation';
import { operations } from '../../contracts/openapi/operations';
import { ApiStory, portsOf as mockPortsOf } from './support/api-story';
import { engineClient } from './support/engine-client';
import { RegisteredRoutes } from './support/registered-routes';

const mockFunctions = new RegisteredRoutes();
let mockStory: ApiStory;
jest.mock('@azure/functions-core', () => mockFunctions.core, { virtual: true });
jest.mock('../../adapters/ports-factory', () => ({ createPorts: () => mockPortsOf(() => mockStory.rig) }));
jest.mock('../../adapters/instances', () => ({
  instancesOf: () => mockStory.rig.instances,
  clientOf: () => engineClient(mockStory.rig.engine),
}));
jest.mock('durable-functions/lib/src/durableClient/getClient', () => ({
  getClient: () => engineClient(mockStory.rig.engine),
  isDurableClientInput: ({ type }: { type: string }) => type === 'durableClient',
}));

beforeEach(async () => {
  mockStory = new ApiStory(mockFunctions);
  // Loaded once: app.ts registers over the ports of whatever story is the current one.
  jest.requireActual('../../app');
  await mockStory.begin();
});
afterEach(() => mockStory.rig.close());

it.each(operations.map((operation) => [operation.name, operation] as const))(
  'the example of %s is answered as documented',
  async (_name, operation: Operation) => {
    if (['pause-run', 'resume-run'].includes(operation.name)) await mockStory.execute();
    const answer = await mockStory.send(operation);
    const documented = operation.answers.find(({ status }) => status === answer.status);
    if (!documented) throw new Error(`${answer.status} is not documented: ${JSON.stringify(answer.body)}`);
    for (const name of Object.keys(documented.headers ?? {})) expect(answer.headers.get(name)).toBeTruthy();
    const { content } = documented;
    const type = answer.headers.get('content-type')?.split(';')[0];
    expect(type).toBe(content?.kind === 'json' ? 'application/json' : content?.type);
    if (content?.kind !== 'json') return;
    // Parsing drops what the schema does not name, so equal means: nothing that is not documented.
    expect(content.schema.parse(answer.body)).toEqual(answer.body);
    expect(missing(content.example, answer.body)).toEqual([]);
  },
);

/** Places of the example that the answer does not have (of lists, the first item): an example shows nothing that does not come. */
function missing(example: unknown, given: unknown, at = ''): string[] {
  if (typeof example !== 'object' || example === null) return given === undefined ? [at] : [];
  if (typeof given !== 'object' || given === null) return [at];
  const parts: Record<string, unknown> = { ...given };
  const shown = Array.isArray(example) ? example.slice(0, 1) : example;
  return Object.entries(shown).flatMap(([name, part]) => missing(part, parts[name], `${at}/${name}`));
}
