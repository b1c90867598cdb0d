import type { Command } from 'commander';
import type { z } from 'zod';
import {
  clusterList,
  clusterView,
  gatewayList,
  gatewayView,
  type ClusterView,
  type gatewayBody,
} from '../../contracts/gateways';
import { apiCommand, examples, part, sessionOf, type Session } from '../command';
import { onOff } from '../edit-options';
import type { Shell } from '../shell';
import { table } from '../text';

interface GatewayOptions {
  machine: string;
  account?: string;
  cluster?: string;
  enabled: string;
}

/** `attendant gateways …` */
export function addGatewayCommands(program: Command, shell: Shell): void {
  const gateways = program
    .command('gateways')
    .description('gateways (names for machines) and their clusters');

  apiCommand(gateways, 'list', 'list the gateways').action(async (_options, command: Command) => {
    const session = sessionOf(shell, command);
    const list = await session.api.json(gatewayList, { path: 'gateways' });
    session.print(list, () =>
      table(
        [
          { title: 'GATEWAY', of: (gateway) => gateway.name, flexible: true },
          { title: 'MACHINE', of: (gateway) => gateway.machine },
          { title: 'CLUSTER', of: (gateway) => gateway.cluster },
          { title: 'STATUS', of: (gateway) => stateOf(gateway) },
        ],
        list.gateways,
      ),
    );
  });

  const set = apiCommand(gateways, 'set <name>', 'create or change a gateway')
    .requiredOption('--machine <id>', 'the machine that it names')
    .option('--account <account>', 'account that registered it; connections must use the same')
    .option('--cluster <name>', 'cluster that it is a member of')
    .option('--enabled <on|off>', 'whether it gets runs', 'on')
    .action(async (name: string, options: GatewayOptions, command: Command) => {
      const session = sessionOf(shell, command);
      const { machine, account, cluster, enabled } = options;
      const body: z.input<typeof gatewayBody> = {
        machine,
        enabled: onOff(enabled),
        ...(account === undefined ? {} : { account }),
        ...(cluster === undefined ? {} : { cluster }),
      };
      const stored = await session.api.json(gatewayView, {
        method: 'PUT',
        path: `gateways/${part(name)}`,
        body,
      });
      session.print(stored, () => `${stored.name} is stored.`);
    });
  examples(set, 'attendant gateways set desk --machine m-01jd0000000000000000000000 --cluster east');

  removal(gateways, shell, { name: 'delete <name>', about: 'delete a gateway', path: 'gateways' });

  apiCommand(gateways, 'clusters', 'list the clusters with their members').action(
    async (_options, command: Command) => {
      const session = sessionOf(shell, command);
      const list = await session.api.json(clusterList, { path: 'gateway-clusters' });
      session.print(list, () => list.clusters.map(clusterText).join('\n\n'));
    },
  );

  apiCommand(gateways, 'set-cluster <name>', 'create or change a cluster')
    .option('--run-on-all <on|off>', 'spread runs evenly over the members', 'off')
    .action(async (name: string, options: { runOnAll: string }, command: Command) => {
      const session = sessionOf(shell, command);
      const body = { runOnAll: onOff(options.runOnAll) };
      const path = `gateway-clusters/${part(name)}`;
      const stored = await session.api.json(clusterView, { method: 'PUT', path, body });
      session.print(stored, () => clusterText(stored));
    });
  removal(gateways, shell, {
    name: 'delete-cluster <name>',
    about: 'delete a cluster; its gateways stay',
    path: 'gateway-clusters',
  });
}

function removal(parent: Command, shell: Shell, what: { name: string; about: string; path: string }): void {
  apiCommand(parent, what.name, what.about).action(async (name: string, _options, command: Command) => {
    const session: Session = sessionOf(shell, command);
    await session.api.done({ method: 'DELETE', path: `${what.path}/${part(name)}` });
    session.print({ deleted: name }, () => `${name} is deleted.`);
  });
}

function stateOf({ enabled, online }: { enabled: boolean; online: boolean }): string {
  return `${online ? 'online' : 'offline'}${enabled ? '' : ', disabled'}`;
}

function clusterText(cluster: ClusterView): string {
  return [
    `${cluster.name}: ${cluster.runOnAll ? 'runs are spread evenly' : 'each run takes a random member'}`,
    ...cluster.members.map((member) => `  ${member.name}  ${stateOf(member)}`),
    ...cluster.warnings.map((warning) => `  ! ${warning}`),
  ].join('\n');
}
