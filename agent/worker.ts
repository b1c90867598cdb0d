import { createInterface } from 'node:readline';
import { workerCommand, type WorkerMessage } from '../contracts/worker-protocol';
import { FlowProcess } from './flow/flow-process';

/*
 * The worker: one process per run, leader of a process group that the desktop flow's program joins. It waits for `start`,
 * runs the program, tells how it ended and waits to be killed with what is left of its group. When the listener is gone
 * (end of standard input) it kills the group, itself included.
 */

let flow: FlowProcess | undefined;

function tell(message: WorkerMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function killGroup(): void {
  process.kill(process.platform === 'win32' ? process.pid : -process.pid, 'SIGKILL');
}

process.on('SIGTERM', () => undefined);
process.on('SIGINT', () => undefined);
process.stdout.on('error', killGroup);
const commands = createInterface({ input: process.stdin });
commands.on('close', killGroup);
commands.on('line', (line) => {
  const command = workerCommand.parse(JSON.parse(line));
  switch (command.type) {
    case 'start':
      flow = new FlowProcess(command.job, tell);
      void flow.run().then((result) => tell({ type: 'ended', result }));
      return;
    case 'stop':
      flow?.stop(command.mode);
  }
});
