import type { Command } from 'commander';
import {
  issuedToken,
  machineList,
  machineView,
  queueView,
  type QueueView,
} from '../../contracts/api-machines';
import { apiCommand, examples, part, sessionOf, type Session } from '../command';
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
          ['sessions', machine.sessions.map(({ user, state }) => `${user} (${state})`).join(', ')],
        ]),
      );
    },
  );

  const token = apiCommand(machines, 'token', 'make a one-time token with which an agent registers')
    .option('--expires <minutes>', 'how long it can be used', '60')
    .action(async (options: { expires: string }, command: Command) => {
      const session = sessionOf(shell, command);
      const issued = await session.api.json(issuedToken, {
        method: 'POST',
        path: 'registration-tokens',
        body: { expiresInMinutes: Number(options.expires) },
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
}

function queueText(queue: QueueView, { utc }: Session): string {
  if (queue.running.length + queue.waiting.length === 0) return 'Nothing runs and nothing waits.';
  const rows = [
    ...queue.running.map((run) => ({ ...run, place: 'now', why: run.stopping ? 'stopping' : 'running' })),
    ...queue.waiting.map((run) => ({
      ...run,
      place: run.next ? 'next' : String(run.position),
      why: reasonText(run.reason),
    })),
  ];
  return table(
    [
      { title: '#', of: (run) => run.place },
      { title: 'RUN', of: (run) => run.run },
      { title: 'PRIORITY', of: (run) => run.priority },
      { title: 'SINCE', of: (run) => instant(run.requestedAt, utc)?.slice(11) },
      { title: 'WHY', of: (run) => run.why, flexible: true },
    ],
    rows,
  );
}

const reasons: Record<string, string> = {
  behind: 'behind another run',
  machineBusy: 'the machine is busy',
  userBusy: 'its user is busy',
  offline: 'the machine is offline',
  maintenance: 'maintenance',
  noMachine: 'no machine in the queue',
  noBot: 'no unattended bot is free',
  sessionBlocked: 'the session is blocked',
  machineMoving: 'the machine is moving',
};

function reasonText({ why }: { why: string }): string {
  return reasons[why] ?? why;
}
