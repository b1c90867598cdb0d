import type { Ports } from '../adapters/ports';
import { sealCredential } from '../adapters/secrets/seal-credential';
import type { MachineCommand } from '../contracts/agent-protocol';
import { errorInfo, type ErrorInfo } from '../contracts/errors';
import { sealBox } from '../contracts/sealed-box';
import {
  credential as credentialSchema,
  inputsUse,
  type Credential,
  type SealedUse,
} from '../contracts/sealed-credential';
import { isSealed, useOfRun } from '../contracts/sealed-values';
import { userKey } from '../contracts/user-name';

/** The credential of a connection as an orchestration carries it: where it is kept, and whose it has to be. */
export interface CredentialRef {
  ref: string;
  user: string;
}

export interface SendCommand {
  command: MachineCommand;
  /** Sealed into a `go` or a test, for the machine that it goes to (row B3). */
  credential?: CredentialRef | undefined;
  /** The inputs of a `go` are sealed for its cloud-flow run, and are to be for the machine. */
  sealed?: true | undefined;
  /** The broker drops the command when nobody has taken it by then. */
  untilMs?: number | undefined;
}

const GONE = 'The machine is not registered any more.';

type GoCommand = Extract<MachineCommand, { kind: 'go' }>;
type SealingCommand = Extract<MachineCommand, { kind: 'go' | 'testConnection' }>;

/**
 * Sends a command to the queue of the machine that it names. The only place that reads a credential, or inputs that are secure: both leave sealed.
 * @returns why the credential cannot be sent, or that the grant of a `go` has been given back; nothing was sent then.
 */
export function sendCommand(
  ports: Pick<Ports, 'commands' | 'grants' | 'machines' | 'secrets' | 'sealer' | 'now'>,
) {
  return async (input: SendCommand): Promise<ErrorInfo | 'givenBack' | undefined> => {
    const { credential, untilMs } = input;
    let { command } = input;
    if (command.kind === 'go' && (await ports.grants.decide(command, 'go')) === 'back') return 'givenBack';
    if (command.kind === 'go' && input.sealed) {
      const resealed = await sealInputs(command);
      if (!resealed) return errorInfo('UIFlowAgentNotAvailable', { details: GONE });
      command = resealed;
    }
    const sealed = credential && takesCredential(command) ? await seal(command, credential) : undefined;
    if (sealed && !sealed.ok) return sealed.error;
    const options = untilMs === undefined ? {} : { ttlMs: Math.max(1, untilMs - ports.now()) };
    await ports.commands.send(await withNotice(sealed?.command ?? command), options);
    return undefined;
  };

  /** @returns undefined when the machine is not registered any more. */
  async function sealInputs(command: GoCommand): Promise<GoCommand | undefined> {
    const sealingKey = await sealingKeyOf(command);
    if (sealingKey === undefined) return undefined;
    const { inputs } = command;
    const opened = isSealed(inputs) ? ports.sealer.open(inputs, useOfRun(command.run)) : inputs;
    return {
      ...command,
      inputs: {},
      sealedInputs: sealBox(JSON.stringify(opened), sealingKey, inputsUse(command)),
      sealOutputs: ports.sealer.publicKey(),
    };
  }

  async function seal(command: SealingCommand, wanted: CredentialRef): Promise<Sealed> {
    const kept = await ports.secrets.get(wanted.ref);
    if (kept === undefined) return refuse('The stored credential of the connection is gone.');
    const credential: Credential = credentialSchema.parse(JSON.parse(kept));
    if (userKey(credential.user) !== userKey(wanted.user)) {
      return refuse('The connection got the credential of another user in the meantime.');
    }
    const sealingKey = await sealingKeyOf(command);
    if (sealingKey === undefined) return refuse(GONE);
    return {
      ok: true,
      command: { ...command, sealedCredential: sealCredential(credential, sealingKey, useOf(command)) },
    };
  }

  /** Row E2: whether the machine shows a banner is looked up at the last moment. */
  async function withNotice(command: MachineCommand): Promise<MachineCommand> {
    if (command.kind !== 'go' || command.mode !== 'attended' || command.origin) return command;
    const machine = await ports.machines.getCached(command.machine);
    return machine?.attendedNotice === 'banner' ? { ...command, notice: 'banner' } : command;
  }

  /** A registration newer than what is remembered is looked up again. */
  async function sealingKeyOf(command: SealingCommand): Promise<string | undefined> {
    const epoch = command.kind === 'go' ? command.fence.epoch : command.epoch;
    const known = await ports.machines.getCached(command.machine);
    const machine = known && known.epoch >= epoch ? known : await ports.machines.get(command.machine);
    return machine?.sealingKey;
  }
}

type Sealed = { ok: true; command: SealingCommand } | { ok: false; error: ErrorInfo };

function takesCredential(command: MachineCommand): command is SealingCommand {
  return command.kind === 'go' || command.kind === 'testConnection';
}

function useOf(command: SealingCommand): SealedUse {
  const { machine } = command;
  return command.kind === 'go'
    ? { machine, run: command.run, fence: command.fence }
    : { machine, test: command.test, epoch: command.epoch };
}

function refuse(details: string): Sealed {
  return { ok: false, error: errorInfo('SessionCreationInvalidCredentials', { details }) };
}
