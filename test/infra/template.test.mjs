// Compiles infra/ and asserts what the deployment would make. `npm run check:infra`; not part of `npm test`, because the compiler
// comes over the network the first time.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { bicep } from '../../scripts/bicep.mjs';

const ROOT = resolve(fileURLToPath(import.meta.url), '../../..');
const read = (path) => readFileSync(join(ROOT, path), 'utf8');

/** All resources of a template, those of nested deployments included. */
function resourcesOf(template) {
  const own = Array.isArray(template.resources) ? template.resources : Object.values(template.resources);
  return own.flatMap((resource) => {
    const nested = resource.properties?.template;
    return nested ? [resource, ...resourcesOf(nested)] : [resource];
  });
}

describe('infra', () => {
  let template;
  let resources;
  const ofType = (type) => resources.filter((resource) => resource.type === type);
  const one = (type) => {
    const found = ofType(type);
    assert.equal(found.length, 1, `one ${type}`);
    return found[0];
  };

  before(() => {
    // Building lints main.bicep and every module that it uses.
    template = JSON.parse(bicep(['build', join(ROOT, 'infra/main.bicep'), '--stdout']));
    resources = resourcesOf(template);
  });

  it('is formatted', () => {
    const files = [
      'main.bicep',
      ...readdirSync(join(ROOT, 'infra/modules')).map((name) => `modules/${name}`),
    ];
    for (const file of files) {
      const path = join(ROOT, 'infra', file);
      assert.equal(
        bicep(['format', path, '--stdout']),
        readFileSync(path, 'utf8'),
        `${file} is not formatted`,
      );
    }
  });

  it('makes one of each resource that the app needs', () => {
    for (const type of [
      'Microsoft.Resources/resourceGroups',
      'Microsoft.ManagedIdentity/userAssignedIdentities',
      'Microsoft.OperationalInsights/workspaces',
      'Microsoft.Insights/components',
      'Microsoft.Storage/storageAccounts',
      'Microsoft.ServiceBus/namespaces',
      'Microsoft.KeyVault/vaults',
      'Microsoft.Web/serverfarms',
      'Microsoft.Web/sites',
    ]) {
      one(type);
    }
  });

  it('lets no shared key, public blob or password in', () => {
    const { properties } = one('Microsoft.Storage/storageAccounts');
    assert.equal(properties.allowSharedKeyAccess, false);
    assert.equal(properties.allowBlobPublicAccess, false);
    const policies = ofType('Microsoft.Web/sites/basicPublishingCredentialsPolicies');
    assert.deepEqual(
      policies.map((policy) => policy.properties.allow),
      [false, false],
    );
    assert.doesNotMatch(JSON.stringify(template), /listKeys\(|SharedAccessKey=|AccountKey=/i);
  });

  it('makes the queue of agent events as the run protocol needs it', () => {
    const queues = ofType('Microsoft.ServiceBus/namespaces/queues');
    const { properties } = queues.find(({ name }) => name.includes('agent-events'));
    assert.equal(properties.requiresDuplicateDetection, true);
    assert.equal(properties.lockDuration, 'PT1M');
    assert.equal(properties.maxDeliveryCount, 10);
    const rules = ofType('Microsoft.ServiceBus/namespaces/queues/authorizationRules');
    assert.deepEqual(
      rules.map((rule) => rule.properties.rights),
      [['Send']],
    );
    // The app asks for the key of this rule by name.
    const [, rule] =
      /SEND_RULE = '([\w-]+)'/.exec(read('adapters/machine-queues/arm-machine-queues.ts')) ?? [];
    assert.match(rules[0].name, new RegExp(`agent-events', '${rule}'\\)`));
  });

  it('makes what the settings of events name, and the subscription of Event Grid only when it is asked for', () => {
    const { variables } = resources.find(({ properties }) => properties?.template?.variables?.settings)
      .properties.template;
    const app = read('app.ts');
    for (const kind of ['QUEUE', 'TOPIC', 'SUBSCRIPTION']) {
      assert.ok(variables.settings[`ATTENDANT_EVENT_${kind}`], kind);
      assert.ok(app.includes(`ATTENDANT_EVENT_${kind}:`), kind);
    }
    assert.equal(ofType('Microsoft.ServiceBus/namespaces/queues').length, 2);
    one('Microsoft.ServiceBus/namespaces/topics');
    one('Microsoft.ServiceBus/namespaces/topics/subscriptions');
    const module = resources.find(({ condition }) => condition?.includes("'eventGrid'"));
    assert.equal(module.condition, "[parameters('eventGrid')]");
    assert.ok(resourcesOf(module.properties.template).some(({ type }) => /EventGrid/.test(type)));
    const { destination } = one('Microsoft.EventGrid/topics/eventSubscriptions').properties;
    assert.equal(destination.endpointType, 'AzureFunction');
    assert.match(destination.properties.resourceId, /receive-event-grid/);
    assert.ok(app.includes("app.eventGrid('receive-event-grid'"));
  });

  it('makes the data key once: what is long enough stays', () => {
    const { properties } = one('Microsoft.KeyVault/vaults/secrets');
    assert.match(properties.value, /^\[if\(less\(length\(parameters\('dataKey'\)\), 32\)/);
    assert.equal(template.parameters.dataKey.type, 'securestring');
    assert.match(
      read('infra/main.parameters.json'),
      /secretOrRandomPassword \$\{AZURE_KEY_VAULT_NAME\} attendant-data-key/,
    );
    assert.ok(template.outputs.AZURE_KEY_VAULT_NAME);
  });

  it('gives the app queues and their rules through Azure Resource Manager, and nothing else', () => {
    const [permission] = one('Microsoft.Authorization/roleDefinitions').properties.permissions;
    for (const action of permission.actions) {
      assert.match(action, /^Microsoft\.ServiceBus\/namespaces\/queues\/(authorizationRules\/)?\w+/);
      assert.doesNotMatch(action, /\*/);
    }
    assert.equal(permission.dataActions, undefined);
  });

  it('scopes every right to one resource', () => {
    const assignments = ofType('Microsoft.Authorization/roleAssignments');
    assert.equal(assignments.length, 9);
    for (const { scope, properties } of assignments) {
      assert.match(scope, /^\[resourceId\('Microsoft\.(Storage|ServiceBus|KeyVault|Insights)\//);
      if (properties.principalId.includes('deployerId')) {
        assert.match(scope, /KeyVault\/vaults\/secrets/);
      } else assert.equal(properties.principalType, 'ServicePrincipal');
    }
  });

  it('names the settings as the sample of the local settings does', () => {
    const { variables } =
      resources.find(({ properties }) => properties?.template?.variables?.settings)?.properties.template ??
      {};
    const given = Object.keys(variables.settings);
    const sample = JSON.parse(read('local.settings.sample.json')).Values;
    const connections = Object.keys(sample).filter((name) =>
      /^(AzureWebJobsStorage|.*Connection)$/.test(name),
    );
    assert.ok(connections.length >= 2);
    for (const name of connections)
      assert.ok(
        given.some((setting) => setting.startsWith(`${name}__`)),
        name,
      );
    assert.ok(given.includes('AzureWebJobsStorage__accountName'));
    assert.ok(given.includes('ServiceBusConnection__fullyQualifiedNamespace'));
    for (const name of [
      'ATTENDANT_SERVICE_BUS_RESOURCE_ID',
      'ATTENDANT_KEY_VAULT_URL',
      'ATTENDANT_DATA_KEY',
    ]) {
      assert.ok(
        given.includes(name) &&
          (read('adapters/ports-factory.ts') + read('adapters/secrets/environment-sealer.ts')).includes(
            `'${name}'`,
          ),
        name,
      );
    }
    // Flex Consumption refuses these two: the runtime is a property of the site.
    assert.ok(!given.includes('FUNCTIONS_WORKER_RUNTIME') && !given.includes('FUNCTIONS_EXTENSION_VERSION'));
  });

  it('runs on Node and signs in with the identity only', () => {
    const { properties, identity } = one('Microsoft.Web/sites');
    assert.equal(identity.type, 'UserAssigned');
    assert.equal(properties.functionAppConfig.runtime.name, 'node');
    assert.equal(properties.functionAppConfig.deployment.storage.authentication.type, 'UserAssignedIdentity');
    assert.deepEqual(template.parameters.nodeVersion.allowedValues, ['22', '24']);
  });

  it('offers sign-in with Entra ID only when a client id is given', () => {
    const config = ofType('Microsoft.Web/sites/config');
    const signIn = config.filter(({ condition }) => condition !== undefined);
    assert.equal(signIn.length, 1);
    assert.match(signIn[0].condition, /not\(empty\(parameters\('entraClientId'\)\)\)/);
    assert.equal(template.parameters.entraClientId.defaultValue, '');
    // The app believes the header of the sign-in where the platform sets it, and nowhere else.
    assert.match(JSON.stringify(template), /signInSettings[^}]*"ATTENDANT_EASY_AUTH":"true"/);
  });

  it('fits azure.yaml and its parameters file', () => {
    const { services, infra } = parse(read('azure.yaml'));
    assert.deepEqual(Object.keys(services), ['app']);
    assert.match(JSON.stringify(template), /"azd-service-name":\s*"app"|azd-service-name', 'app'/);
    const { parameters } = JSON.parse(read(`${infra.path}/${infra.module}.parameters.json`));
    for (const name of Object.keys(parameters)) assert.ok(template.parameters[name], `parameter ${name}`);
    const needed = Object.entries(template.parameters).filter(
      ([, { defaultValue }]) => defaultValue === undefined,
    );
    for (const [name] of needed) assert.ok(parameters[name], `value for ${name}`);
  });
});

describe('the compiler step', () => {
  it('takes a warning for an error', () => {
    assert.throws(
      () => bicep(['lint', join(ROOT, 'test/infra/fixtures/unused-parameter.bicep')]),
      /no-unused-params/,
    );
  });
});
