import type { Ports } from '../../adapters/ports';
import { flowDefinition, type FlowDefinition } from '../../contracts/flow-definition';
import { planProblems } from '../../domain/flows/plan';
import { http, json, type Handler } from '../http';
import { schemaProblem } from '../json-schema';
import { fieldErrors, RequestError, type FieldError } from '../problem';
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

/** @throws RequestError InvalidDefinition that names each wrong place. */
function parseDefinition(name: string, body: unknown): FlowDefinition {
  const parsed = flowDefinition.safeParse(body);
  const errors = parsed.success ? problemsOf(name, parsed.data) : fieldErrors(parsed.error.issues);
  if (!parsed.success || errors.length > 0) throw new RequestError('InvalidDefinition', { errors });
  return parsed.data;
}

function problemsOf(name: string, definition: FlowDefinition): FieldError[] {
  const errors = planProblems(definition.actions).map((message) => ({ path: 'actions', message }));
  if (definition.name !== name)
    errors.push({ path: 'name', message: `is not "${name}", the name in the address` });
  const schema = inputSchema(triggerOf(definition));
  const problem = schema && schemaProblem(schema);
  const [trigger = ''] = Object.keys(definition.triggers);
  if (problem) errors.push({ path: `triggers.${trigger}.inputs.schema`, message: problem });
  return errors;
}
