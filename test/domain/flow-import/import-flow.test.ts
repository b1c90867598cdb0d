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
      '/properties/definition/actions/Scope/actions/Parse_JSON/type',
      '/properties/definition/actions/Compose/inputs',
    ]),
  );
});

test('a definition of ours is no export', () => {
  expect(isExportedFlow({ name: 'x', actions: {} })).toBe(false);
});
