import type { Ports } from '../../adapters/ports';
import type { FlowDefinition } from '../../contracts/flow-definition';
import { checkDefinition } from '../../domain/flows/definition-problems';
import { pointer } from '../../domain/flows/definition-path';
import { http, json, type Handler } from '../http';
import { schemaProblem } from '../json-schema';
import { RequestError, type FieldError } from '../problem';
import { readJson } from '../request-body';
import { inputSchema, triggerOf } from './flow-input';
import { flowView } from './flow-view';

/** PUT flows/{flow}: makes a definition the current one. Runs that go on keep the one they were started with. */
export function putFlow(ports: Ports): Handler {
  return http(async (request) => {
    const name = request.params['flow'] ?? '';
    const body = await readJson(request, ports.settings.maxBodyBytes);
    return json(flowView(await ports.flows.put(parseDefinition(name, body))));
  });
}

/** @throws RequestError InvalidDefinition that names each wrong place by its JSON Pointer. */
function parseDefinition(name: string, body: unknown): FlowDefinition {
  const { definition, problems } = checkDefinition(body);
  const errors = definition ? problemsOf(name, definition) : problems;
  if (!definition || errors.length > 0) throw new RequestError('InvalidDefinition', { errors });
  return definition;
}

function problemsOf(name: string, definition: FlowDefinition): FieldError[] {
  const errors: FieldError[] = [];
  if (definition.name !== name)
    errors.push({ path: '/name', message: `is not "${name}", the name in the address` });
  const schema = inputSchema(triggerOf(definition));
  const problem = schema && schemaProblem(schema);
  const [trigger = ''] = Object.keys(definition.triggers);
  if (problem) errors.push({ path: pointer(['triggers', trigger, 'inputs', 'schema']), message: problem });
  return errors;
}
