import { z } from 'zod';
import type { ClusterRow, GatewayRow, Gateways } from '../ports';
import { optionalText, requireText, textColumns } from './columns';
import type { StoredRow, Table } from './table';

const GATEWAYS = 'gateway';
const CLUSTERS = 'gateway-cluster';

const turns = z.object({
  last: z.int(),
  drawn: z.record(z.string(), z.int()),
  recent: z.array(z.tuple([z.string(), z.string()])),
});

/** Partitions `gateway` and `gateway-cluster`, row = name. Drawing a member is one write under the cluster's ETag. */
export class TableGateways implements Gateways {
  constructor(private readonly table: Table) {}

  async put({ name, machine, account, cluster, enabled }: GatewayRow): Promise<void> {
    await this.table.put({ partition: GATEWAYS, row: name }, { machine, account, cluster, enabled });
  }

  async get(name: string): Promise<GatewayRow | undefined> {
    const row = await this.table.get({ partition: GATEWAYS, row: name });
    return row && gatewayOf(row);
  }

  async list(): Promise<GatewayRow[]> {
    return (await this.table.query({ partition: GATEWAYS })).map(gatewayOf);
  }

  async remove(name: string): Promise<void> {
    await this.table.remove({ partition: GATEWAYS, row: name });
  }

  async putCluster(name: string, change: { runOnAll: boolean }): Promise<void> {
    await this.table.merge({ partition: CLUSTERS, row: name }, change);
  }

  async getCluster(name: string): Promise<ClusterRow | undefined> {
    const row = await this.table.get({ partition: CLUSTERS, row: name });
    return row && clusterOf(row);
  }

  async listClusters(): Promise<ClusterRow[]> {
    return (await this.table.query({ partition: CLUSTERS })).map(clusterOf);
  }

  async removeCluster(name: string): Promise<void> {
    await this.table.remove({ partition: CLUSTERS, row: name });
  }

  async changeTurns(
    name: string,
    change: (cluster: ClusterRow) => ClusterRow['turns'],
  ): Promise<ClusterRow | undefined> {
    for (;;) {
      const row = await this.table.get({ partition: CLUSTERS, row: name });
      if (!row) return undefined;
      const cluster = clusterOf(row);
      const next = change(cluster);
      const columns = { runOnAll: cluster.runOnAll, ...textColumns('turns', JSON.stringify(next)) };
      if ((await this.table.replace(row, columns, row.etag)) !== undefined)
        return { ...cluster, turns: next };
    }
  }
}

function gatewayOf({ row, columns }: StoredRow): GatewayRow {
  return {
    name: row,
    machine: requireText(columns, 'machine'),
    account: optionalText(columns, 'account'),
    cluster: optionalText(columns, 'cluster'),
    enabled: columns['enabled'] === true,
  };
}

function clusterOf({ row, columns }: StoredRow): ClusterRow {
  const text = optionalText(columns, 'turns');
  return {
    name: row,
    runOnAll: columns['runOnAll'] === true,
    turns: text === undefined ? { last: 0, drawn: {}, recent: [] } : turns.parse(JSON.parse(text)),
  };
}
