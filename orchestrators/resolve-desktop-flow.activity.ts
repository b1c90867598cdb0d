import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { Ports, StoredConnection } from '../adapters/ports';
import type { DesktopFlowManifest } from '../contracts/desktop-flow';
import type { ErrorInfo } from '../contracts/errors';
import { errorInfo } from '../contracts/errors';
import { desktopRunResult, type DesktopRunResult } from '../contracts/runs';
import { isSealed, useOfRun } from '../contracts/sealed-values';
import { AGENT_SESSION, userKey } from '../contracts/user-name';
import { durationMs } from '../domain/flows/duration';
import { CONSOLE_TRIGGER } from '../domain/runs/console-report';
import type { DesktopFlowRunInput } from '../domain/runs/run-inputs';
import { placeFinder, type RunPlace, type TargetPorts } from './resolve-target.activity';
import type { CredentialRef } from './send-command.activity';

/** Everything about the run that must not change while it goes on: settings too, so that a replay decides alike. */
export interface ResolvedDesktopFlow extends RunPlace {
  userKey: string;
  /** Account of the connection; absent: the run uses the agent's own session. */
  user?: string | undefined;
  /** Where the credential of the account is kept (row B3). */
  credential?: CredentialRef | undefined;
  /** Row C8. */
  whenSessionBlocked?: 'fail' | 'wait' | undefined;
  runner: DesktopFlowManifest['runner'];
  desktopFlow: { name: string; version: string; package: string };
  queueTimeoutMs: number;
  runTimeoutMs: number;
  acceptWithinMs: number;
  stopGraceMs: number;
}

type Resolved =
  | { ok: true; target: ResolvedDesktopFlow }
  | { ok: false; error: ErrorInfo }
  /** The run has ended before: what started it has been delivered a second time. */
  | { ok: false; ended: DesktopRunResult };
type Input = DesktopFlowRunInput & { run: string; requestedMs: number };

/** Finds desktop flow, connection and machine of a run, checks its inputs, and puts it into the run index; one that has ended stays ended. */
export function resolveDesktopFlow(ports: TargetPorts & Pick<Ports, 'desktopFlows' | 'sealer'>) {
  const findPlace = placeFinder(ports);
  const ajv = new Ajv2020({ allErrors: true, strict: false, logger: false });
  addFormats(ajv);
  return async (input: Input): Promise<Resolved> => {
    const { action, run, requestedMs, startedBy } = input;
    const row = {
      run,
      kind: 'desktop',
      name: action.desktopFlow,
      state: 'Queued',
      requestedMs,
      startedBy,
      ...(input.console ? { trigger: CONSOLE_TRIGGER } : {}),
    } as const;
    const [resolved, before] = await Promise.all([resolve(input), ports.runs.get(run)]);
    if (before?.endedMs !== undefined) return { ok: false, ended: desktopRunResult.parse(before) };
    await ports.runs.record(row);
    return resolved;
  };

  async function resolve({ action, ...input }: Input): Promise<Resolved> {
    const flow = await ports.desktopFlows.get(action.desktopFlow);
    if (!flow) return refuse('DesktopFlowNotFound', action.desktopFlow);
    if (flow.manifest.elevated) return refuse('ElevationNotAllowed', action.desktopFlow);
    const connection = input.console
      ? consoleTarget(input.console)
      : await ports.connections.get(action.connection);
    if (!connection) return refuse('ConnectionNotFound', action.connection);
    const { inputs } = action;
    const opened = input.sealed && isSealed(inputs) ? ports.sealer.open(inputs, useOfRun(input.run)) : inputs;
    const problems = inputProblems(flow.manifest.inputs, opened);
    if (problems) return refuse('InvalidInput', problems);
    const { mode, whenSessionBlocked } = action;
    const found = await findPlace(connection, { run: input.run, attempt: 0, mode, whenSessionBlocked });
    if (!found.ok) return found;
    return {
      ok: true,
      target: {
        ...timing({ action, ...input }, found.place),
        ...found.place,
        ...accountOf(connection),
        whenSessionBlocked: action.whenSessionBlocked ?? connection.whenSessionBlocked,
        ...what(flow),
      },
    };
  }

  function inputProblems(schema: DesktopFlowManifest['inputs'], inputs: unknown): string | undefined {
    if (!schema || ajv.validate(schema, inputs)) return undefined;
    return ajv.errorsText(ajv.errors, { dataVar: 'inputs', separator: '\n' });
  }

  function timing(
    { action, runTimeout }: Input,
    { queueTimeout }: RunPlace,
  ): Pick<ResolvedDesktopFlow, 'queueTimeoutMs' | 'runTimeoutMs' | 'acceptWithinMs' | 'stopGraceMs'> {
    const { queueTimeoutMs, runTimeoutMs, acceptWithinMs, stopGraceMs } = ports.settings;
    // Row F7: the action's, else that of the machine or group, else the environment's.
    const wanted = action.queueTimeout ?? queueTimeout;
    return {
      queueTimeoutMs: wanted ? durationMs(wanted) : queueTimeoutMs,
      runTimeoutMs: runTimeout ? durationMs(runTimeout) : runTimeoutMs,
      acceptWithinMs,
      stopGraceMs,
    };
  }
}

/** What a connection would say: this machine, and the session of whoever sits there. */
function consoleTarget({ machine, user }: NonNullable<DesktopFlowRunInput['console']>): StoredConnection {
  return { name: 'console', target: { kind: 'machine', id: machine }, user, hasCredential: false };
}

/** Row E1: no machine has resolved the account yet. */
export function accountOf({
  user,
  secretRef,
}: StoredConnection): Pick<ResolvedDesktopFlow, 'userKey' | 'user' | 'credential'> {
  if (user === undefined) return { userKey: AGENT_SESSION };
  const credential = secretRef === undefined ? undefined : { ref: secretRef, user };
  return { userKey: userKey(user), user, credential };
}

function what(flow: {
  manifest: DesktopFlowManifest;
  package: string;
}): Pick<ResolvedDesktopFlow, 'runner' | 'desktopFlow'> {
  const { name, version, runner } = flow.manifest;
  return { runner, desktopFlow: { name, version, package: flow.package } };
}

function refuse(code: Parameters<typeof errorInfo>[0], details: string): Resolved {
  return { ok: false, error: errorInfo(code, { details }) };
}
