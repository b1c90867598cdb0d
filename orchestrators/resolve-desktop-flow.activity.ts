import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { Ports } from '../adapters/ports';
import type { DesktopFlowManifest } from '../contracts/desktop-flow';
import type { ErrorInfo } from '../contracts/errors';
import { errorInfo } from '../contracts/errors';
import { durationMs } from '../domain/flows/duration';
import type { DesktopFlowRunInput } from '../domain/runs/run-inputs';
import { placeFinder, type RunPlace, type TargetPorts } from './resolve-target.activity';

/** Everything about the run that must not change while it goes on: settings too, so that a replay decides alike. */
export interface ResolvedDesktopFlow extends RunPlace {
  userKey: string;
  /** Row C8. */
  whenSessionBlocked?: 'fail' | 'wait' | undefined;
  runner: DesktopFlowManifest['runner'];
  desktopFlow: { name: string; version: string; package: string };
  queueTimeoutMs: number;
  runTimeoutMs: number;
  acceptWithinMs: number;
  stopGraceMs: number;
}

type Resolved = { ok: true; target: ResolvedDesktopFlow } | { ok: false; error: ErrorInfo };
type Input = DesktopFlowRunInput & { run: string; requestedMs: number };

/** Same-user key of runs that use the session which the agent itself runs in. */
const OWN_SESSION = '@agent';

/** Finds desktop flow, connection and machine of a run, checks its inputs, and puts it into the run index. */
export function resolveDesktopFlow(ports: TargetPorts & Pick<Ports, 'desktopFlows'>) {
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
    } as const;
    const [resolved] = await Promise.all([resolve(input), ports.runs.record(row)]);
    return resolved;
  };

  async function resolve({ action, ...input }: Input): Promise<Resolved> {
    const flow = await ports.desktopFlows.get(action.desktopFlow);
    if (!flow) return refuse('DesktopFlowNotFound', action.desktopFlow);
    if (flow.manifest.elevated) return refuse('ElevationNotAllowed', action.desktopFlow);
    const connection = await ports.connections.get(action.connection);
    if (!connection) return refuse('ConnectionNotFound', action.connection);
    const problems = inputProblems(flow.manifest.inputs, action.inputs);
    if (problems) return refuse('InvalidInput', problems);
    const found = await findPlace(connection, { run: input.run, attempt: 0 });
    if (!found.ok) return found;
    return {
      ok: true,
      target: {
        ...timing({ action, ...input }),
        ...found.place,
        userKey: connection.user === undefined ? OWN_SESSION : connection.user.toLowerCase(),
        whenSessionBlocked: action.whenSessionBlocked ?? connection.whenSessionBlocked,
        ...what(flow),
      },
    };
  }

  function inputProblems(schema: DesktopFlowManifest['inputs'], inputs: unknown): string | undefined {
    if (!schema || ajv.validate(schema, inputs)) return undefined;
    return ajv.errorsText(ajv.errors, { dataVar: 'inputs', separator: '\n' });
  }

  function timing({
    action,
    runTimeout,
  }: Input): Pick<ResolvedDesktopFlow, 'queueTimeoutMs' | 'runTimeoutMs' | 'acceptWithinMs' | 'stopGraceMs'> {
    const { queueTimeoutMs, runTimeoutMs, acceptWithinMs, stopGraceMs } = ports.settings;
    return {
      queueTimeoutMs: action.queueTimeout ? durationMs(action.queueTimeout) : queueTimeoutMs,
      runTimeoutMs: runTimeout ? durationMs(runTimeout) : runTimeoutMs,
      acceptWithinMs,
      stopGraceMs,
    };
  }
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
