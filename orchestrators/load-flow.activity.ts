import type { Ports } from '../adapters/ports';
import type { ErrorInfo } from '../contracts/errors';
import { errorInfo } from '../contracts/errors';
import type { FlowDefinition } from '../contracts/flow-definition';
import { useOfRun, type MaybeSealed } from '../contracts/sealed-values';
import { resolveParameters } from '../domain/flows/parameters';
import { securesData } from '../domain/flows/masking';
import { planProblems } from '../domain/flows/plan';
import { openDefaults } from '../domain/flows/secure-defaults';
import type { CloudFlowRunInput, StartData } from '../domain/runs/run-inputs';

type Loaded =
  | {
      ok: true;
      definition: FlowDefinition;
      parameters: MaybeSealed<Record<string, unknown>>;
      /** The flow secures data: what the run hands on is sealed. */
      secured?: true;
    }
  | { ok: false; error: ErrorInfo };

/** Puts the run into the run index, reads the snapshot of its definition and settles the values of its parameters. */
export function loadFlow({ runs, flows, sealer }: Pick<Ports, 'runs' | 'flows' | 'sealer'>) {
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
    const use = useOfRun(input.run);
    const given = input.sealed ? (sealer.open(input.sealed, use) as StartData).parameters : input.parameters;
    const { values, problems } = resolveParameters(definition, given);
    if (problems.length > 0) {
      return refuse(
        'InvalidParameters',
        problems.map(({ name, message }) => `${name} ${message}`).join('; '),
      );
    }
    if (!securesData(definition)) return { ok: true, definition, parameters: values };
    const opened = openDefaults(definition, values, sealer);
    return { ok: true, definition, parameters: sealer.seal(opened, use), secured: true };
  };
}

function refuse(code: 'FlowNotFound' | 'InvalidDefinition' | 'InvalidParameters', details: string): Loaded {
  return { ok: false, error: errorInfo(code, { details }) };
}
