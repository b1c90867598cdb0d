import { createHash } from 'node:crypto';
import type { AgentCommand, TestConnectionCommand } from '../../contracts/agent-protocol';
import { actionKey } from '../../adapters/tables/action-keys';
import type { ActionRecord } from '../../contracts/action-records';
import { readSettings } from '../../contracts/settings';
import { AddressGuard, parseNetworks } from '../../adapters/http-guard/address-guard';
import { createGuardedHttp } from '../../adapters/http-guard/guarded-http';
import { EnvironmentSealer } from '../../adapters/secrets/environment-sealer';
import { TableAuditLog } from '../../adapters/tables/audit-log';
import { TableGrants } from '../../adapters/tables/grants';
import { TableRunIndex } from '../../adapters/tables/run-index';
import { eventPorts } from '../../adapters/tables/event-stores';
import { announcedFeed, announcedRuns } from '../../adapters/announced';
import { memoryTable } from './memory-table';
import type { Claim } from '../../adapters/flow-ports';
import type {
  FeedEntry,
  GroupRow,
  MachineRow,
  Ports,
  PresenceRow,
  Registration,
  Progress,
  RunRow,
  StoredConnection,
  StoredDesktopFlow,
} from '../../adapters/ports';
import { inMemoryFlows } from './in-memory-flows';
import { inMemoryGateways } from './in-memory-gateways';
import { inMemoryTriggers } from './in-memory-triggers';
import { inMemoryProcesses } from './in-memory-processes';
import type { LogLine } from '../../contracts/agent-protocol';

/** Every port over plain maps, for tests of what stands above them. What was sent and stored can be looked at. */
export interface InMemoryPorts extends Ports {
  sent: AgentCommand[];
  /** Tests of connections that were sent to machines. */
  asked: TestConnectionCommand[];
  rows: Map<string, RunRow>;
  feedEntries: FeedEntry[];
  logs: Map<string, LogLine[]>;
  /** Called after each command is recorded in `sent`; may throw, as a broker that is away does. */
  onSend: ((command: AgentCommand) => void) | undefined;
}

export function createInMemoryPorts(
  options: { now?: () => number; settings?: Record<string, string> } = {},
): InMemoryPorts {
  const now = options.now ?? Date.now;
  const settings = readSettings({ ATTENDANT_ALLOWED_NETWORKS: '127.0.0.0/8', ...options.settings });
  const runs = new TableRunIndex(memoryTable());
  const events = eventPorts(memoryTable(), now);
  const sha = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');
  const claims = new Map<string, Claim>();
  const desktopFlows = new Map<string, StoredDesktopFlow>();
  const connections = new Map<string, StoredConnection>();
  const machines = new Map<string, MachineRow>();
  const presence = new Map<string, PresenceRow>();
  const tokens = new Map<
    string,
    { expiresMs: number; renews?: Registration; spent?: { publicKey: string; machine: string } }
  >();
  const blobs = new Map<string, Uint8Array>();
  const secrets = new Map<string, string>();
  const progress = new Map<string, Progress>();
  const actions = new Map<string, ActionRecord>();
  let bots: number | undefined;
  const groups = new Map<string, GroupRow>();
  const feedListeners: ((queue: string) => void)[] = [];

  const ports: InMemoryPorts = {
    sent: [],
    asked: [],
    rows: new Map(),
    feedEntries: [],
    logs: new Map(),
    onSend: undefined,
    settings,
    now,
    claims: {
      claim: (flow, key, claim) => {
        const id = `${flow}/${key}`;
        const standing = claims.get(id);
        if (!standing) claims.set(id, claim);
        return Promise.resolve({ claim: standing ?? claim, first: !standing });
      },
      find: (flow, key) => Promise.resolve(claims.get(`${flow}/${key}`)),
      prune: (flow, { beforeMs, top, after = '' }) => {
        const page = [...claims]
          .filter(([id]) => id.startsWith(`${flow}/`) && id > after)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .slice(0, top);
        for (const [id, { claimedMs }] of page) if (claimedMs < beforeMs) claims.delete(id);
        return Promise.resolve(page.length < top ? undefined : page.at(-1)?.[0]);
      },
      isEmpty: (flow) => Promise.resolve(![...claims.keys()].some((id) => id.startsWith(`${flow}/`))),
    },
    flows: inMemoryFlows(now),
    ...inMemoryTriggers(),
    desktopFlows: {
      put: (manifest, zip) => {
        const stored = { name: manifest.name, package: sha(zip), manifest, updatedMs: now() };
        desktopFlows.set(manifest.name, stored);
        return Promise.resolve(stored);
      },
      get: (name) => Promise.resolve(desktopFlows.get(name)),
      list: () => Promise.resolve([...desktopFlows.values()]),
    },
    connections: {
      put: (connection) => {
        connections.set(connection.name, connection);
        return Promise.resolve();
      },
      get: (name) => Promise.resolve(connections.get(name)),
      list: () => Promise.resolve([...connections.values()]),
    },
    runs: {
      record: async (row) => {
        const defined = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));
        ports.rows.set(row.run, { ...ports.rows.get(row.run), ...defined } as RunRow);
        await runs.record(row);
      },
      get: (run) => runs.get(run),
      list: (query) => runs.list(query),
      children: (run) => runs.children(run),
      resubmits: (run) => runs.resubmits(run),
      remove: async (row) => {
        ports.rows.delete(row.run);
        await runs.remove(row);
      },
    },
    grants: new TableGrants(memoryTable()),
    machines: {
      put: (machine) => {
        machines.set(machine.id, machine);
        return Promise.resolve();
      },
      change: (id, change) => {
        const known = machines.get(id);
        const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
        if (known) machines.set(id, { ...known, ...given });
        return Promise.resolve();
      },
      renew: (id, renewal) => {
        const known = machines.get(id);
        if (known?.epoch !== renewal.epoch - 1) return Promise.resolve(false);
        machines.set(id, { ...known, ...renewal });
        return Promise.resolve(true);
      },
      get: (id) => Promise.resolve(machines.get(id)),
      getCached: (id) => Promise.resolve(machines.get(id)),
      list: () => Promise.resolve([...machines.values()]),
    },
    presence: {
      seen: (row) => {
        const newer = (presence.get(row.machine)?.seq ?? 0) < row.seq;
        if (newer) presence.set(row.machine, row);
        return Promise.resolve(newer);
      },
      markOffline: (machine, seq) => {
        const row = presence.get(machine);
        if (!row || row.seq > seq) return Promise.resolve(false);
        presence.set(machine, { ...row, online: false });
        return Promise.resolve(true);
      },
      get: (machine) => Promise.resolve(presence.get(machine)),
      list: () => Promise.resolve([...presence.values()]),
    },
    groups: {
      put: (group) => {
        groups.set(group.id, group);
        return Promise.resolve();
      },
      get: (id) => Promise.resolve(groups.get(id)),
      list: () => Promise.resolve([...groups.values()]),
      remove: (id) => {
        groups.delete(id);
        return Promise.resolve();
      },
    },
    gateways: inMemoryGateways(),
    processes: inMemoryProcesses(),
    bots: {
      get: () => Promise.resolve(bots),
      put: (given) => {
        bots = given;
        return Promise.resolve();
      },
    },
    tokens: {
      issue: (expiresMs, renews) => {
        const token = `token-${tokens.size + 1}`;
        tokens.set(token, { expiresMs, ...(renews ? { renews } : {}) });
        return Promise.resolve(token);
      },
      spend: (token, publicKey, machine, nowMs) => {
        const known = tokens.get(token);
        if (!known || known.expiresMs <= nowMs) return Promise.resolve('invalid');
        const { renews } = known;
        known.spent ??= { publicKey, machine: renews?.machine ?? machine };
        if (known.spent.publicKey !== publicKey) return Promise.resolve('invalid');
        return Promise.resolve({ machine: known.spent.machine, ...(renews ? { renews } : {}) });
      },
    },
    feed: {
      append: (entries) => {
        for (const entry of entries) {
          const known = ports.feedEntries.some((e) => e.queue === entry.queue && e.number === entry.number);
          if (!known) ports.feedEntries.push(entry);
        }
        for (const listener of feedListeners) for (const { queue } of entries) listener(queue);
        return Promise.resolve();
      },
      onAppended: (listener) => void feedListeners.push(listener),
      forgetRun: (run) => {
        ports.feedEntries = ports.feedEntries.filter(
          ({ change }) => (change as { run?: string }).run !== run,
        );
        return Promise.resolve();
      },
      ofRun: (run) =>
        Promise.resolve(
          ports.feedEntries.filter(({ change }) => {
            const { run: of, actor } = change as { run?: string; actor?: string };
            return of === run && actor !== undefined;
          }),
        ),
      read: (queue, after, top) =>
        Promise.resolve(
          ports.feedEntries
            .filter((entry) => entry.queue === queue && entry.number > after)
            .sort((a, b) => a.number - b.number)
            .slice(0, top),
        ),
    },
    commands: {
      send: async (command) => {
        if (command.kind === 'testConnection') {
          ports.asked.push(command);
          return;
        }
        ports.sent.push(command);
        ports.onSend?.(command);
      },
    },
    machineQueues: {
      ensure: () => Promise.resolve(),
      remove: () => Promise.resolve(),
      queueName: (machine) => Promise.resolve(machine),
      access: () => Promise.resolve({ commands: '', events: '' }),
    },
    blobs: {
      put: (key, content) => {
        blobs.set(key, content);
        return Promise.resolve();
      },
      get: (key) => Promise.resolve(blobs.get(key)),
      append: (key, content) => {
        blobs.set(key, Buffer.concat([blobs.get(key) ?? new Uint8Array(), content]));
        return Promise.resolve();
      },
      list: (prefix) =>
        Promise.resolve(
          [...blobs]
            .filter(([key]) => key.startsWith(prefix))
            .map(([key, content]) => ({ key, bytes: content.length }))
            .sort((a, b) => (a.key < b.key ? -1 : 1)),
        ),
      removeAll: (folder) => {
        for (const key of blobs.keys()) if (key.startsWith(folder)) blobs.delete(key);
        return Promise.resolve();
      },
    },
    actions: {
      put: (run, records) => {
        for (const record of records) {
          const key = actionKey(run, record);
          actions.set(`${key.partition} ${key.row}`, record);
        }
        return Promise.resolve();
      },
      list: (run, { parent, top, after }) => {
        const found = [...actions]
          .filter(([, record]) => record.parent === parent)
          .map(([id, record]) => ({ ...actionKey(run, record), id, record }))
          .filter(({ id, partition, row }) => id === `${partition} ${row}` && row > (after ?? ''))
          .sort((a, b) => (a.row < b.row ? -1 : 1))
          .slice(0, top);
        const last = found.length === top ? found.at(-1) : undefined;
        return Promise.resolve({
          records: found.map(({ record }) => record),
          ...(last ? { continuation: last.row } : {}),
        });
      },
      purge: (run, most) => {
        const found = [...actions.keys()].filter((id) => id.startsWith(`${run}:`)).slice(0, most);
        for (const id of found) actions.delete(id);
        return Promise.resolve(found.length);
      },
    },
    runLogs: {
      append: (run, first, lines) => {
        const known = ports.logs.get(run) ?? [];
        lines.forEach((line, index) => (known[first + index] = line));
        ports.logs.set(run, known);
        return Promise.resolve();
      },
      read: (run, after, top) => {
        const lines = (ports.logs.get(run) ?? []).slice(after, after + top);
        return Promise.resolve({ lines, next: after + lines.length });
      },
      progress: (run, told) => {
        progress.set(run, told);
        return Promise.resolve();
      },
      lastProgress: (run) => Promise.resolve(progress.get(run)),
      forgetProgress: (cloudRun) => {
        for (const run of progress.keys()) if (run.startsWith(cloudRun)) progress.delete(run);
        return Promise.resolve();
      },
    },
    sealer: new EnvironmentSealer({ ATTENDANT_DATA_KEY: 'the data key of tests, in memory' }),
    secrets: {
      put: (name, value) => {
        secrets.set(name, value);
        return Promise.resolve(name);
      },
      get: (ref) => Promise.resolve(secrets.get(ref)),
    },
    ...events,
    audit: new TableAuditLog(memoryTable()),
    http: createGuardedHttp(new AddressGuard(parseNetworks(settings.allowedNetworks))),
  };
  ports.runs = announcedRuns(ports.runs, events.events);
  ports.feed = announcedFeed(ports.feed, events.events);
  return ports;
}
