import { z } from 'zod';
import type { AgentEventBody } from '../../contracts/agent-protocol';
import { openBox, sealBox } from '../../contracts/sealed-box';
import { inputsUse, outputsUse } from '../../contracts/sealed-credential';
import { useOfRun } from '../../contracts/sealed-values';
import { failed } from '../flow/outcome';
import type { GoCommand } from '../protocol/decide';
import type { RunHandle, Runner } from './runner';

const inputsSchema = z.record(z.string(), z.unknown());

/**
 * Opens sealed inputs before a run starts and seals its outputs before they are journaled or sent: plain they are only in the memory of the
 * agent and in the folder of the run, which goes with it.
 * @param privateKey of this machine, PKCS #8 DER in base64.
 */
export function sealedRuns(runner: Runner, privateKey: string): Runner {
  return {
    start: (command, hooks) => {
      const { sealOutputs, run } = command;
      if (sealOutputs === undefined) return runner.start(command, hooks);
      const opened = open(command, privateKey);
      if (!opened) return refused();
      const handle = runner.start(opened, hooks);
      const ended = handle.ended.then((body) => sealed(body, run, sealOutputs));
      return {
        ended,
        stop: (order) => handle.stop(order),
        pause: () => handle.pause(),
        resume: () => handle.resume(),
      };
    },
    clean: (workers) => runner.clean(workers),
    kinds: () => runner.kinds(),
  };
}

function open(command: GoCommand, privateKey: string): GoCommand | undefined {
  const { sealedInputs } = command;
  if (sealedInputs === undefined) return command;
  try {
    const text = openBox(sealedInputs, privateKey, inputsUse(command));
    return { ...command, inputs: inputsSchema.parse(JSON.parse(text)) };
  } catch {
    return undefined;
  }
}

function sealed(body: AgentEventBody<'done'>, run: string, publicKey: string): AgentEventBody<'done'> {
  if (!body.outputs) return body;
  const box = sealBox(JSON.stringify(body.outputs), publicKey, outputsUse(useOfRun(run)));
  return { ...body, outputs: { $sealed: box } };
}

function refused(): RunHandle {
  const problem = 'The inputs cannot be opened: they were not sealed for this machine and this run.';
  return {
    ended: Promise.resolve(failed('InvalidInput', problem)),
    stop: () => undefined,
    pause: () => Promise.resolve(false),
    resume: () => Promise.resolve(false),
  };
}
