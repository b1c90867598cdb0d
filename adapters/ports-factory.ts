import { TableClient } from '@azure/data-tables';
import { readSettings } from '../contracts/settings';
import { announcedFeed, announcedRuns } from './announced';
import type * as BlobContainer from './azure/blob-container';
import { AppIdentity } from './azure/credential';
import { storageAccount } from './azure/storage-account';
import { AzureBlobs } from './blobs/azure-blobs';
import { FileBlobs } from './blobs/file-blobs';
import { requiredSetting, type Environment, secretsFolder } from './environment';
import { ArmMachineQueues } from './machine-queues/arm-machine-queues';
import { AddressGuard, parseNetworks } from './http-guard/address-guard';
import { createGuardedHttp } from './http-guard/guarded-http';
import { LocalMachineQueues } from './machine-queues/local-machine-queues';
import { StaticMachineQueues } from './machine-queues/static-machine-queues';
import type { Blobs, MachineQueues, Ports, Secrets } from './ports';
import { BlobRunLogs } from './run-logs';
import { EnvironmentSealer } from './secrets/environment-sealer';
import { FileSecrets } from './secrets/file-secrets';
import { KeyVaultSecrets } from './secrets/key-vault-secrets';
import { ServiceBusCommands } from './service-bus/commands';
import { openServiceBus, serviceBusConnection } from './service-bus/connection';
import { TableActionRecords } from './tables/action-records';
import { TableAuditLog } from './tables/audit-log';
import { eventPorts } from './tables/event-stores';
import { TableBots } from './tables/bots';
import { TableChangeFeed } from './tables/change-feed';
import { TableClaims } from './tables/claims';
import { TableConnections } from './tables/connections';
import { TableDesktopFlows } from './tables/desktop-flows';
import { TableEventSources } from './tables/event-sources';
import { TableFlowHealth } from './tables/flow-health';
import { TableFlows } from './tables/flows';
import { TableGateways } from './tables/gateways';
import { TableGrants } from './tables/grants';
import { TableGroups } from './tables/groups';
import { TableMachines } from './tables/machines';
import { TablePresence } from './tables/presence';
import { TableProcesses } from './tables/processes';
import { TableRegistrationTokens } from './tables/registration-tokens';
import { TableRunIndex } from './tables/run-index';
import { tablesInProcess } from './tables/in-process';
import { TableSchedules } from './tables/schedules';
import { RowRequests } from './tables/row-requests';
import { Table, type OpenTable } from './tables/table';
import { TableTriggerHistory } from './tables/trigger-history';

/**
 * The ports over what the settings name (docs/data-model.md lists the settings). Nothing is opened, and no setting of an endpoint is
 * asked for, before a port is used.
 * @throws ZodError when a setting `ATTENDANT_<NAME>` is wrong.
 */
export function createPorts(environment: Environment, options: { now?: () => number } = {}): Ports {
  const identity = new AppIdentity(environment);
  const settings = readSettings(environment);
  const now = options.now ?? Date.now;
  const table = (name: string): Table => new Table(() => openTable(environment, identity, name));
  const blobs = createBlobs(environment, identity);
  const definitions = table('definitions');
  const { subscriptions, events, deliveries } = eventPorts(table('events'), now);
  const machines = table('machines');
  const machineQueues = lazy(() => createMachineQueues({ environment, identity, now, table: machines }));
  return {
    settings,
    now,
    claims: new TableClaims(table('claims')),
    flows: new TableFlows({ table: definitions, blobs, now }),
    schedules: new TableSchedules(table('schedules')),
    triggerHistory: new TableTriggerHistory(table('triggers')),
    eventSources: new TableEventSources(definitions),
    flowHealth: new TableFlowHealth(table('health')),
    desktopFlows: new TableDesktopFlows({ table: definitions, blobs, now }),
    connections: new TableConnections({ table: definitions, now }),
    actions: new TableActionRecords(table('actions')),
    runs: announcedRuns(new TableRunIndex(table('runs')), events),
    grants: new TableGrants(table('grants')),
    machines: new TableMachines({ table: machines, now }),
    presence: new TablePresence(machines),
    bots: new TableBots(machines),
    groups: new TableGroups(machines),
    gateways: new TableGateways(definitions),
    processes: new TableProcesses(table('processes')),
    tokens: new TableRegistrationTokens(table('tokens')),
    feed: announcedFeed(new TableChangeFeed(table('feed')), events),
    commands: new ServiceBusCommands({
      open: () => openServiceBus(serviceBusConnection(environment), identity),
      queues: { queueName: (machine) => machineQueues().queueName(machine) },
    }),
    machineQueues: {
      ensure: (machine) => machineQueues().ensure(machine),
      remove: (machine) => machineQueues().remove(machine),
      queueName: (machine) => machineQueues().queueName(machine),
      access: (machine, expiresMs) => machineQueues().access(machine, expiresMs),
    },
    blobs,
    runLogs: new BlobRunLogs({ blobs, table: table('progress'), now }),
    secrets: createSecrets(environment, identity),
    sealer: new EnvironmentSealer(environment),
    subscriptions,
    events,
    deliveries,
    audit: new TableAuditLog(table('audit')),
    http: createGuardedHttp(new AddressGuard(parseNetworks(settings.allowedNetworks))),
  };
}

function lazy<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Tables of this app are told from the task hub's by their prefix. */
async function openTable(environment: Environment, identity: AppIdentity, name: string): Promise<OpenTable> {
  const account = storageAccount(environment);
  const inside = account.kind === 'connection' ? tablesInProcess(account.connectionString) : undefined;
  const fullName = `${environment['ATTENDANT_TABLE_PREFIX'] ?? 'app'}${name}`;
  if (inside) {
    const client = new TableClient(inside.url, fullName, inside.options);
    return { client, rows: new RowRequests(inside.service, `${inside.url}/${fullName}`) };
  }
  const client =
    account.kind === 'connection'
      ? TableClient.fromConnectionString(account.connectionString, fullName, {
          allowInsecureConnection: true,
        })
      : new TableClient(account.tables, fullName, await identity.get());
  return { client };
}

function createBlobs(environment: Environment, identity: AppIdentity): Blobs {
  const folder = environment['ATTENDANT_BLOB_DIR'];
  return folder
    ? new FileBlobs(folder)
    : new AzureBlobs(() => {
        // Loaded here so that a host with blobs as files never loads the SDK.
        const { openContainer } = require('./azure/blob-container') as typeof BlobContainer;
        return openContainer(environment, identity);
      });
}

function createSecrets(environment: Environment, identity: AppIdentity): Secrets {
  const folder = secretsFolder(environment);
  if (folder) return new FileSecrets(folder);
  const vault = lazy(
    () => new KeyVaultSecrets({ url: requiredSetting(environment, 'ATTENDANT_KEY_VAULT_URL'), identity }),
  );
  return { put: (name, value) => vault().put(name, value), get: (ref) => vault().get(ref) };
}

interface MachineQueueOptions {
  environment: Environment;
  identity: AppIdentity;
  now: () => number;
  table: Table;
}

function createMachineQueues({ environment, identity, now, table }: MachineQueueOptions): MachineQueues {
  const connection = serviceBusConnection(environment);
  if (connection.kind === 'identity') {
    return new ArmMachineQueues({
      resourceId: requiredSetting(environment, 'ATTENDANT_SERVICE_BUS_RESOURCE_ID'),
      namespace: connection.namespace,
      management: environment['ATTENDANT_MANAGEMENT_URL'] ?? 'https://management.azure.com',
      identity,
      now,
    });
  }
  const url = environment['ATTENDANT_MACHINE_QUEUES_URL'];
  if (url) {
    const key = requiredSetting(environment, 'ATTENDANT_MACHINE_QUEUES_KEY');
    return new LocalMachineQueues({ url, key, endpoint: connection.endpoint, emulator: connection.emulator });
  }
  const queues = requiredSetting(environment, 'ATTENDANT_STATIC_QUEUES')
    .split(',')
    .map((name) => name.trim());
  return new StaticMachineQueues({ queues, connectionString: connection.connectionString, table });
}
