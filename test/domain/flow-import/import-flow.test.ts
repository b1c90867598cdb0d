import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importFlow, isExportedFlow } from '../../../domain/flow-import/import-flow';

function imported(name: string): ReturnType<typeof importFlow> {
  const path = join(__dirname, '../../fixtures/power-automate', `${name}.json`);
  const body: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (!isExportedFlow(body)) throw new Error('not recognised');
  return importFlow(body);
}

test('an export whose parts are all known becomes a definition that runs', () => {
  const { definition, problems } = imported('runs');
  expect(problems).toEqual([]);
  expect(definition).toMatchObject({
    name: 'book-invoices-finance',
    triggers: { manual: { type: 'Request', kind: 'Button' } },
    actions: {
      Run_a_flow_built_with_Power_Automate_for_desktop: {
        type: 'DesktopFlow',
        inputs: {
          desktopFlow: 'book-invoices',
          connection: 'shared_uiflow',
          mode: 'unattended',
          inputs: { Month: "@triggerBody()?['text']" },
        },
      },
      Condition: {
        expression: {
          and: [
            { greater: ["@int(body('Run_a_flow_built_with_Power_Automate_for_desktop')?['Booked'])", 0] },
          ],
        },
      },
    },
  });
  expect(definition?.parameters).toBeUndefined();
});

test('what cannot run is listed, all of it, by its path in the export', () => {
  expect(imported('does-not-run').problems.map(({ path }) => path)).toEqual(
    expect.arrayContaining([
      '/properties/definition/actions/Send_an_email/type',
      '/properties/definition/actions/Scope/actions/Parse_JSON/inputs/schema',
      '/properties/definition/actions/Compose/inputs',
    ]),
  );
});

test.each<[string, [path: string, message: RegExp][]]>([
  [
    'approval',
    [
      [
        'triggers/When_an_item_is_created/type',
        /^waits for the operation GetOnNewItems of shared_sharepointonline;.*Event/,
      ],
      [
        'actions/Start_and_wait_for_an_approval/type',
        /^calls the operation StartAndWaitForAnApproval of shared_approvals;/,
      ],
      [
        'actions/Condition/actions/Send_mail/type',
        /^calls the operation SendEmailV2 of shared_office365;.*Http/,
      ],
    ],
  ],
  ['desktop', []],
  ['until', []],
  ['data', []],
  [
    'scope',
    [
      ['actions/Try/actions/Apply_to_each/actions/HTTP/inputs/authentication/connection', /expected string/],
      [
        'actions/Try/actions/Apply_to_each/actions/HTTP/inputs/authentication/username',
        /^stands in a connection here/,
      ],
      [
        'actions/Try/actions/Apply_to_each/actions/HTTP/inputs/authentication/password',
        /^stands in a connection here/,
      ],
      ['actions/Catch/actions/Compose/inputs', /there is no function xpath\(\)/],
    ],
  ],
])('of the export "%s" it is said what does not run here, and what does its work', (name, expected) => {
  const told = imported(name).problems.map(({ path, message }) => [path, message]);
  expect(told).toEqual(
    expected.map(([path, message]) => [`/properties/definition/${path}`, expect.stringMatching(message)]),
  );
});

test('data operations are the same here; what they give is read without "body"', () => {
  const parse = {
    type: 'ParseJson',
    inputs: {
      content: "@{triggerBody()?['text']}",
      schema: {
        type: 'object',
        properties: { '@@odata.etag': { type: 'string' } },
        required: ['@@odata.etag'],
      },
    },
  };
  const { definition, problems } = importFlow({
    properties: {
      displayName: 'Read',
      definition: {
        triggers: { manual: { type: 'Request' } },
        actions: {
          Parse_JSON: parse,
          Filter_array: {
            type: 'Query',
            inputs: { from: "@outputs('Parse_JSON')?['body/list']", where: "@not(equals(item()?['n'], 1))" },
            runAfter: { Parse_JSON: ['Succeeded'] },
          },
          Join: {
            type: 'Join',
            inputs: { from: "@body('Filter_array')", joinWith: ", '" },
            runAfter: { Filter_array: ['Succeeded'] },
          },
          All: {
            type: 'Compose',
            inputs: "@outputs('Parse_JSON')?['body']",
            runAfter: { Join: ['Succeeded'] },
          },
        },
      },
    },
  });
  expect(problems).toEqual([]);
  expect(definition?.actions).toMatchObject({
    Parse_JSON: {
      inputs: {
        content: "@{triggerBody()?['text']}",
        schema: { properties: { '@odata.etag': { type: 'string' } }, required: ['@odata.etag'] },
      },
    },
    Filter_array: { type: 'Query', inputs: { from: "@body('Parse_JSON')?['list']" } },
    Join: { type: 'Join', inputs: { joinWith: ", '" } },
    All: { inputs: "@body('Parse_JSON')" },
  });
});

test('a definition of ours is no export', () => {
  expect(isExportedFlow({ name: 'x', actions: {} })).toBe(false);
});
