import type { Ports } from '../../adapters/ports';
import type { StoredCase } from '../../adapters/process-ports';
import { errorInfo } from '../../contracts/errors';
import { evaluate } from '../../domain/expressions/evaluate';
import { ExpressionError } from '../../domain/expressions/expression-error';
import { told } from '../../domain/processes/commands';
import type { StageRun } from '../../domain/processes/state';
import { FlowInputs } from '../flows/flow-input';
import { claimRun, newRun, startClaimed, type RunStarter } from '../flows/start-flow-run';
import { RequestError } from '../problem';
import { sha256Hex } from '../request-body';

export type CasePorts = Pick<
  Ports,
  'sealer' | 'processes' | 'flows' | 'claims' | 'runs' | 'blobs' | 'settings' | 'now'
>;

type News = Pick<StageRun, 'run' | 'outcome'>;

/**
 * Starts what the case has planned and notes what has ended, until nothing changes (row A4). May be called by anybody at any time, also
 * twice at once: each run is started under a claim of its own.
 * @returns the case as it is then; undefined when there is none.
 */
export async function settleCase(
  ports: CasePorts,
  instances: RunStarter,
  of: { process: string; id: string },
): Promise<StoredCase | undefined> {
  const inputs = new FlowInputs(ports.blobs);
  for (;;) {
    const stored = await ports.processes.getCase(of.process, of.id);
    if (!stored) return undefined;
    let value = stored.value;
    for (const run of value.runs) {
      const news = await newsOf(stored, run);
      if (news) value = told(value, run.key, news, ports.now());
    }
    if (value === stored.value) return stored;
    await ports.processes.replaceCase({ ...stored, value });
  }

  async function newsOf(stored: StoredCase, run: StageRun): Promise<News | undefined> {
    if (run.outcome) return undefined;
    if (run.run === undefined) return start(stored, run);
    const row = await ports.runs.get(run.run);
    if (row?.endedMs === undefined) return undefined;
    return { outcome: { state: row.state, ...(row.error ? { error: row.error } : {}) } };
  }

  async function start(stored: StoredCase, run: StageRun): Promise<News> {
    const flow = await ports.flows.get(run.flow);
    if (!flow) return failed(`There is no cloud flow ${run.flow}.`);
    try {
      const { data } = stored.value;
      const scope = { now: run.atMs, trigger: { body: data }, actions: {} };
      const given = run.inputs ? evaluate(run.inputs, scope) : data;
      const triggerBody = await inputs.accept(flow, given);
      const standing = await claimRun(ports, {
        key: `process:${stored.process}/${stored.id}/${run.key}`,
        bodyHash: sha256Hex(run.key),
        start: newRun(ports, flow, { triggerBody, startedBy: run.by }),
      });
      await startClaimed(ports, instances, standing);
      return { run: standing.claim.run };
    } catch (cause) {
      if (cause instanceof ExpressionError) return failed(cause.message);
      if (!(cause instanceof RequestError)) throw cause;
      const wrong = cause.more.errors?.map(({ path, message }) => `${path} ${message}`);
      return failed(wrong ? `${cause.message} ${wrong.join('; ')}` : cause.message);
    }
  }
}

function failed(details: string): News {
  return { outcome: { state: 'Failed', error: errorInfo('InvalidInput', { details }) } };
}
