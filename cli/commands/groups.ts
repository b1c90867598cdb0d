import type { Command } from 'commander';
import { groupList, groupView, type GroupView } from '../../contracts/machine-groups';
import { commandAccepted, type CommandAccepted } from '../../contracts/queues';
import { apiCommand, examples, part, sessionOf, type Session } from '../command';
import { editOptions, editedSettings, onOff, type EditOptions } from '../edit-options';
import type { Shell } from '../shell';
import { details, instant, table } from '../text';

interface GroupEdit extends EditOptions {
  name?: string;
  maxMachines?: string;
  maintenance?: string;
}

/** `attendant groups …` */
export function addGroupCommands(program: Command, shell: Shell): void {
  const groups = program.command('groups').description('machine groups: several machines with one run queue');

  apiCommand(groups, 'list', 'list the machine groups').action(async (_options, command: Command) => {
    const session = sessionOf(shell, command);
    const list = await session.api.json(groupList, { path: 'machine-groups' });
    session.print(list, () =>
      table(
        [
          { title: 'GROUP', of: (group) => group.id },
          { title: 'NAME', of: (group) => group.name, flexible: true },
          { title: 'MACHINES', of: (group) => String(group.machines) },
          { title: 'CREATED', of: (group) => instant(group.createdAt, session.utc) },
        ],
        list.groups,
      ),
    );
  });

  apiCommand(groups, 'show <group>', 'show a group and its machines').action(
    async (id: string, _options, command: Command) => {
      const session = sessionOf(shell, command);
      print(session, await session.api.json(groupView, { path: path(id) }));
    },
  );

  const create = editOptions(apiCommand(groups, 'create <name>', 'create a machine group'))
    .option('--max-machines <n>', 'how many machines may join')
    .action(async (name: string, options: GroupEdit, command: Command) => {
      const session = sessionOf(shell, command);
      const body = { name, ...settingsOf(options) };
      print(session, await session.api.json(groupView, { method: 'POST', path: 'machine-groups', body }));
    });
  examples(create, 'attendant groups create Finance --reuse-session on');

  editOptions(apiCommand(groups, 'edit <group>', 'change the details of a group'))
    .option('--name <name>', 'its name')
    .option('--max-machines <n>', 'how many machines may join')
    .option('--maintenance <on|off>', 'running runs finish, nothing new starts')
    .action(async (id: string, options: GroupEdit, command: Command) => {
      const { name, maintenance } = options;
      const body = {
        ...settingsOf(options),
        ...(name === undefined ? {} : { name }),
        ...(maintenance === undefined ? {} : { maintenance: onOff(maintenance) }),
      };
      await change(sessionOf(shell, command), { method: 'PATCH', path: path(id), body });
    });

  apiCommand(groups, 'add <group> <machine>', 'a machine joins when its running work has ended').action(
    async (id: string, machine: string, _options, command: Command) =>
      change(sessionOf(shell, command), { method: 'PUT', path: memberPath(id, machine) }),
  );
  apiCommand(groups, 'remove <group> <machine>', 'a machine leaves when its running work has ended').action(
    async (id: string, machine: string, _options, command: Command) =>
      change(sessionOf(shell, command), { method: 'DELETE', path: memberPath(id, machine) }),
  );
  apiCommand(groups, 'delete <group>', 'delete a group that has no machine').action(
    async (id: string, _options, command: Command) => {
      const session = sessionOf(shell, command);
      await session.api.done({ method: 'DELETE', path: path(id) });
      session.print({ deleted: id }, () => `${id} is deleted.`);
    },
  );
}

function settingsOf(options: GroupEdit) {
  const { maxMachines } = options;
  return {
    ...editedSettings(options),
    ...(maxMachines === undefined ? {} : { maxMachines: Number(maxMachines) }),
  };
}

function path(id: string): string {
  return `machine-groups/${part(id)}`;
}

function memberPath(id: string, machine: string): string {
  return `${path(id)}/machines/${part(machine)}`;
}

async function change(session: Session, request: Parameters<Session['api']['done']>[0]): Promise<void> {
  print(session, await session.api.json(groupView.or(commandAccepted), request));
}

function print(session: Session, group: GroupView | CommandAccepted): void {
  session.print(group, () =>
    'id' in group ? groupText(group) : 'Accepted; it happens when the running work has ended.',
  );
}

function groupText(group: GroupView): string {
  const { settings } = group;
  const head = details([
    ['group', group.id],
    ['name', group.name],
    ['runs', `${group.running} running, ${group.waiting} waiting`],
    ['maintenance', settings.maintenance ? 'on' : 'off'],
    ['reuse session', settings.reuseSession ? 'on' : 'off'],
    ['queue timeout', settings.queueTimeout],
    ['machines', `${group.machines.length} of at most ${settings.maxMachines}`],
  ]);
  const lines = group.machines.map(
    (machine) =>
      `  ${machine.machine}  ${machine.name}  ${machine.moving ?? (machine.online ? 'online' : 'offline')}${machine.maintenance ? ', maintenance' : ''}`,
  );
  return [head, ...lines].join('\n');
}
