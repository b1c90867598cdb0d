import type { ClusterRow, GatewayRow, Gateways } from '../../adapters/ports';

/** The port of gateways and clusters over plain maps. */
export function inMemoryGateways(): Gateways {
  const gateways = new Map<string, GatewayRow>();
  const clusters = new Map<string, ClusterRow>();
  const done = Promise.resolve();
  return {
    put: (gateway) => {
      gateways.set(gateway.name, gateway);
      return done;
    },
    get: (name) => Promise.resolve(gateways.get(name)),
    list: () => Promise.resolve([...gateways.values()]),
    remove: (name) => {
      gateways.delete(name);
      return done;
    },
    putCluster: (name, change) => {
      const turns = clusters.get(name)?.turns ?? { last: 0, drawn: {}, recent: [] };
      clusters.set(name, { name, turns, ...change });
      return done;
    },
    getCluster: (name) => Promise.resolve(clusters.get(name)),
    listClusters: () => Promise.resolve([...clusters.values()]),
    removeCluster: (name) => {
      clusters.delete(name);
      return done;
    },
    changeTurns: (name, change) => {
      const cluster = clusters.get(name);
      if (!cluster) return Promise.resolve(undefined);
      const changed = { ...cluster, turns: change(cluster) };
      clusters.set(name, changed);
      return Promise.resolve(changed);
    },
  };
}
