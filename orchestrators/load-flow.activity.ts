import type { Ports } from '../adapters/ports';
import type { ErrorInfo } from '../contracts/errors';
import { errorInfo } from '../contracts/errors';
import type { FlowDefinition } from '../contracts/flow-definition';
import { planProblems } from '../domain/flows/plan';
import type { CloudFlowRunInput } from '../domain/runs/run-inputs';

type Loaded = { ok: true; definition: FlowDefinition } | { ok: false; error: ErrorInfo };

/** Puts the run into the run index and reads the snapshot of its definition. */
export function loadFlow({ runs, flows }: Pick<Ports, 'runs' | 'flows'>) {
  return async ({ requestedMs, ...input }: CloudFlowRunInput & { requestedMs: number }): Promise<Loaded> => {
    await runs.record({
      run: input.run,
      kind: 'cloud',
      name: input.flow,
      state: 'Running',
      requestedMs,
      trigger: input.trigger,
      startedBy: input.startedBy,
    });
    const definition = await flows.snapshot(input.definition);
    if (!definition) {
      return { ok: false, error: errorInfo('FlowNotFound', { details: `no snapshot ${input.definition}` }) };
    }
    const [problem] = planProblems(definition.actions);
    return problem
      ? { ok: false, error: errorInfo('InvalidDefinition', { details: problem }) }
      : { ok: true, definition };
  };
}
