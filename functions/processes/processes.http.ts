import type { HttpRequest } from '@azure/functions';
import type { Ports } from '../../adapters/ports';
import { processDefinition, type ProcessDefinition, type ProcessList } from '../../contracts/processes';
import { http, json, type Handler } from '../http';
import { schemaProblem } from '../../domain/json-schema';
import { RequestError } from '../problem';
import { parseBody, readJson } from '../request-body';

/** GET processes (row A4) */
export function listProcesses(ports: Ports): Handler {
  return http(async () => {
    const body: ProcessList = {
      processes: (await ports.processes.list()).map(({ name, description, stages }) => ({
        name,
        ...(description === undefined ? {} : { description }),
        stages: stages.map((stage) => stage.name),
      })),
    };
    return json(body);
  });
}

/** PUT processes/{process}: cases that have begun keep the definition that they began with. */
export function putProcess(ports: Ports): Handler {
  return http(async (request) => {
    const given = parseBody(processDefinition, await readJson(request, ports.settings.maxBodyBytes));
    const errors = [
      ...nameErrors(given, request),
      ...schemaErrors(given),
      ...(await flowErrors(ports, given)),
    ];
    if (errors.length > 0) throw new RequestError('InvalidBody', { errors });
    await ports.processes.put(given);
    return json(given);
  });
}

/** GET processes/{process} */
export function getProcess(ports: Ports): Handler {
  return http(async (request) => json(await findProcess(ports, request)));
}

/** DELETE processes/{process}: cases that have begun go on. */
export function deleteProcess(ports: Ports): Handler {
  return http(async (request) => {
    await ports.processes.remove((await findProcess(ports, request)).name);
    return { status: 204 };
  });
}

/** @throws RequestError ProcessNotFound */
export async function findProcess(ports: Ports, request: HttpRequest): Promise<ProcessDefinition> {
  const name = request.params['process'] ?? '';
  const found = await ports.processes.get(name);
  if (!found) {
    throw new RequestError('ProcessNotFound', { detail: `There is no business process flow "${name}".` });
  }
  return found;
}

type FieldErrors = { path: string; message: string }[];

function nameErrors({ name }: ProcessDefinition, request: HttpRequest): FieldErrors {
  const asked = request.params['process'] ?? '';
  return name === asked ? [] : [{ path: 'name', message: `is not ${asked}, the name in the address` }];
}

function schemaErrors({ stages }: ProcessDefinition): FieldErrors {
  return stages.flatMap(({ steps }, stage) =>
    steps.flatMap(({ schema }, step) => {
      const problem = schema && schemaProblem(schema);
      const path = `stages.${stage}.steps.${step}.schema`;
      return problem === undefined ? [] : [{ path, message: `is no JSON Schema: ${problem}` }];
    }),
  );
}

async function flowErrors(ports: Ports, { stages }: ProcessDefinition): Promise<FieldErrors> {
  const known = new Set((await ports.flows.list()).map(({ name }) => name));
  return stages.flatMap(({ flows }, stage) =>
    flows.flatMap(({ flow }, at) =>
      known.has(flow)
        ? []
        : [
            {
              path: `stages.${stage}.flows.${at}.flow`,
              message: `names the flow ${flow}, which does not exist`,
            },
          ],
    ),
  );
}
