import type { Command } from 'commander';
import type { z } from 'zod';
import { issuedToken, machineList, machineView, queueView } from '../../contracts/api-machines';
import { commandAccepted, type machinePatch } from '../../contracts/queues';
import { apiCommand, examples, part, sessionOf, type Session } from '../command';
import { editOptions, editedSettings, onOff, type EditOptions } from '../edit-options';
import { queueText } from '../queue-text';
import type { Shell } from '../shell';
import { details, instant, table } from '../text';

/** `attendant machines …` */
export function addMachineCommands(program: Command, shell: Shell): void {
  const machines = program.command('machines').description('machines, their agents and queues');

  apiCommand(machines, 'list', 'list the machines').action(async (_options, command: Command) => {
    const session = sessionOf(shell, command);
    const list = await session.api.json(machineList, { path: 'machines' });
    session.print(list, () =>
      table(
        [
          { title: 'MACHINE', of: (machine) => machine.id },
          { title: 'NAME', of: (machine) => machine.name, flexible: true },
          { title: 'STATUS', of: (machine) => machine.status },
          { title: 'LAST SEEN', of: (machine) => instant(machine.lastSeenAt, session.utc) },
        ],
        list.machines,
      ),
    );
  });

  apiCommand(machines, 'show <machine>', 'show a machine').action(
    async (id: string, _options, command: Command) => {
      const session = sessionOf(shell, command);
      const machine = await session.api.json(machineView, { path: `machines/${part(id)}` });
      session.print(machine, () =>
        details([
          ['machine', machine.id],
          ['name', machine.name],
          ['status', machine.status],
          ['last seen', instant(machine.lastSeenAt, session.utc)],
          ['registered', instant(machine.registeredAt, session.utc)],
          ['host name', machine.hostname],
          ['system', `${machine.os} ${machine.osVersion}`],
          ['agent', machine.agentVersion],
          ['runs at once', String(machine.maxSessions)],
          ['runners', machine.runners.join(', ')],
          ['queue timeout', machine.settings?.queueTimeout],
          ['sessions', machine.sessions.map(({ user, state }) => `${user} (${state})`).join(', ')],
        ]),
      );
    },
  );

  const token = apiCommand(machines, 'token', 'make a one-time token with which an agent registers')
    .option('--expires <minutes>', 'how long it can be used', '60')
    .option('--machine <machine>', 'registers this machine anew: its agent or disk was replaced')
    .action(async (options: { expires: string; machine?: string }, command: Command) => {
      const session = sessionOf(shell, command);
      const issued = await session.api.json(issuedToken, {
        method: 'POST',
        path: 'registration-tokens',
        body: { expiresInMinutes: Number(options.expires), machine: options.machine },
      });
      session.print(issued, () => issued.token);
      if (!session.json) shell.err(`Good once, until ${instant(issued.expiresAt, session.utc)}.`);
    });
  examples(token, 'attendant machines token --expires 10');

  apiCommand(machines, 'queue <machine>', 'show the order of execution and why each run waits').action(
    async (id: string, _options, command: Command) => {
      const session = sessionOf(shell, command);
      const queue = await session.api.json(queueView, { path: `machines/${part(id)}/queue` });
      session.print(queue, () => queueText(queue, session));
    },
  );

  addEditCommands(machines, shell);
}

function addEditCommands(machines: Command, shell: Shell): void {
  const edit = editOptions(apiCommand(machines, 'edit <machine>', 'change the details of a machine'))
    .option('--name <name>', 'its name')
    .option('--attended-notice <what>', 'before an attended run starts: off or banner')
    .action(async (id: string, options: MachineEdit, command: Command) => {
      const { name, attendedNotice } = options;
      await patch(sessionOf(shell, command), id, {
        ...editedSettings(options),
        ...(name === undefined ? {} : { name }),
        ...(attendedNotice === undefined ? {} : { attendedNotice }),
      });
    });
  examples(
    edit,
    'attendant machines edit m-01jd0000000000000000000000 --name "Front office" --reuse-session on',
  );

  apiCommand(machines, 'maintenance <machine> <on|off>', 'running runs finish, nothing new starts').action(
    async (id: string, state: string, _options, command: Command) => {
      await patch(sessionOf(shell, command), id, { maintenance: onOff(state) });
    },
  );

  apiCommand(machines, 'delete <machine>', 'revoke its registration, end its runs, remove its queue').action(
    async (id: string, _options, command: Command) => {
      const session = sessionOf(shell, command);
      const answer = await session.api.json(commandAccepted, {
        method: 'DELETE',
        path: `machines/${part(id)}`,
      });
      session.print(answer, () => `${id} is being deleted.`);
    },
  );
}

interface MachineEdit extends EditOptions {
  name?: string;
  attendedNotice?: 'off' | 'banner';
}

async function patch(session: Session, id: string, body: z.input<typeof machinePatch>): Promise<void> {
  const answer = await session.api.json(machineView.or(commandAccepted), {
    method: 'PATCH',
    path: `machines/${part(id)}`,
    body,
  });
  session.print(answer, () =>
    'id' in answer ? `${answer.name}: ${answer.status}.` : 'Accepted, not done yet.',
  );
}
