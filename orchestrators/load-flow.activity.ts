import type { Ports } from '../adapters/ports';
import type { ErrorInfo } from '../contracts/errors';
import { errorInfo } from '../contracts/errors';
import type { FlowDefinition } from '../contracts/flow-definition';
import { resolveParameters } from '../domain/flows/parameters';
import { planProblems } from '../domain/flows/plan';
import type { CloudFlowRunInput } from '../domain/runs/run-inputs';

type Loaded =
  | { ok: true; definition: FlowDefinition; parameters: Record<string, unknown> }
  | { ok: false; error: ErrorInfo };

/** Puts the run into the run index, reads the snapshot of its definition and settles the values of its parameters. */
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
      resubmittedFrom: input.resubmittedFrom,
    });
    const definition = await flows.snapshot(input.definition);
    if (!definition) return refuse('FlowNotFound', `no snapshot ${input.definition}`);
    const [circle] = planProblems(definition.actions);
    if (circle) return refuse('InvalidDefinition', `${circle.path} ${circle.message}`);
    const { values, problems } = resolveParameters(definition, input.parameters);
    if (problems.length > 0) {
      return refuse(
        'InvalidParameters',
        problems.map(({ name, message }) => `${name} ${message}`).join('; '),
      );
    }
    return { ok: true, definition, parameters: values };
  };
}

function refuse(code: 'FlowNotFound' | 'InvalidDefinition' | 'InvalidParameters', details: string): Loaded {
  return { ok: false, error: errorInfo(code, { details }) };
}
