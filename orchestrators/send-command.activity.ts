import type { Ports, RunRow } from '../adapters/ports';
import type { AgentCommand } from '../contracts/agent-protocol';

export interface SendCommand {
  command: AgentCommand;
  /** The broker drops the command when nobody has taken it by then. */
  untilMs?: number | undefined;
  /** What changes in the run's row: written first, because the agent's answer is checked against it. */
  row?: Partial<RunRow> | undefined;
}

/** Sends a command to the queue of the machine that it names. */
export function sendCommand({ runs, commands, now }: Pick<Ports, 'runs' | 'commands' | 'now'>) {
  return async ({ command, untilMs, row }: SendCommand): Promise<void> => {
    if (row) await runs.record({ ...row, run: command.run });
    await commands.send(command, untilMs === undefined ? {} : { ttlMs: Math.max(1, untilMs - now()) });
  };
}
