import type { StoredFlow } from '../../adapters/flow-ports';
import type { Ports } from '../../adapters/ports';
import { fileKey } from '../../adapters/blobs/blob-keys';
import { Cache } from '../../adapters/cache';
import type { FlowTriggerKind } from '../../contracts/api-flows';
import type { FlowDefinition, FlowTrigger } from '../../contracts/flow-definition';
import { fileReferences, JsonSchemaCheck } from '../../domain/json-schema';
import { RequestError } from '../problem';

/** The flow's one trigger. */
export function triggerOf(definition: FlowDefinition): FlowTrigger {
  const [trigger] = Object.values(definition.triggers);
  if (!trigger) throw new Error(`the flow ${definition.name} has no trigger`);
  return trigger;
}

/** The trigger as lists and runs name it. */
export function triggerKind(trigger: FlowTrigger): FlowTriggerKind {
  return trigger.type === 'Request' ? trigger.kind : trigger.type;
}

/** JSON Schema of the input that a person or program gives, if there is one. */
export function inputSchema(trigger: FlowTrigger): Record<string, unknown> | undefined {
  return trigger.type === 'Request' ? trigger.inputs?.schema : undefined;
}

/** Checks inputs against their trigger's schema; a definition is compiled once. */
export class FlowInputs {
  private readonly checks = new Cache<JsonSchemaCheck>({ entries: 500 });

  constructor(private readonly blobs: Pick<Ports['blobs'], 'list'>) {}

  /**
   * @returns the input with the schema's defaults filled in.
   * @throws RequestError InvalidInput; also when a file that it names was not uploaded.
   */
  async accept(flow: StoredFlow, given: unknown): Promise<unknown> {
    const schema = inputSchema(triggerOf(flow.definition));
    if (!schema) return given;
    const input: unknown = structuredClone(given);
    const known = this.checks.get(flow.hash);
    const check = known ?? new JsonSchemaCheck(schema);
    if (!known) this.checks.set(flow.hash, check);
    const errors = check.check(input);
    if (errors.length > 0) throw new RequestError('InvalidInput', { errors });
    await this.requireFiles(schema, input);
    return input;
  }

  private async requireFiles(schema: Record<string, unknown>, input: unknown): Promise<void> {
    const missing = await Promise.all(
      fileReferences(schema, input).map(async ({ path, id }) => {
        const key = fileKey(id);
        const found = (await this.blobs.list(key)).some((blob) => blob.key === key);
        return found ? [] : [{ path, message: 'names a file that was not uploaded (POST /api/files)' }];
      }),
    );
    const errors = missing.flat();
    if (errors.length > 0) throw new RequestError('InvalidInput', { errors });
  }
}
