import { randomBytes } from 'node:crypto';
import type { HttpRequest } from '@azure/functions';
import type { Ports } from '../../adapters/ports';
import type { StoredCase } from '../../adapters/process-ports';
import {
  caseBody,
  caseDataBody,
  caseQuery,
  caseRunBody,
  caseStep,
  type CaseList,
  type ProcessDefinition,
} from '../../contracts/processes';
import {
  abandon,
  advance,
  back,
  begin,
  runOnDemand,
  setData,
  type Outcome,
} from '../../domain/processes/commands';
import type { Act, Case } from '../../domain/processes/state';
import { callerOf } from '../caller';
import { durableHttp, http, json, type DurableHandler, type Handler, type Orchestrations } from '../http';
import { starterOf } from '../instances';
import { JsonSchemaCheck } from '../../domain/json-schema';
import { RequestError } from '../problem';
import { parseBody, parseQuery, readJson } from '../request-body';
import { caseLine, caseView } from './case-view';
import { findProcess } from './processes.http';
import { settleCase } from './settle-case';

/** POST processes/{process}/cases (row A4): begins a case in the first stage and starts its flows. */
export function beginCase(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const definition = await findProcess(ports, request);
    const { title, data } = parseBody(caseBody, await readJson(request, ports.settings.maxBodyBytes));
    checkData(definition, data);
    const nowMs = ports.now();
    const value = begin(definition, data, { by: callerOf(request).name, nowMs });
    const row = { process: definition.name, id: newCaseId(nowMs), title, createdMs: nowMs, value };
    await ports.processes.insertCase(row);
    const settled = await settleCase(ports, starterOf(client), row);
    const location = `/api/processes/${row.process}/cases/${row.id}`;
    return json(caseView(settled ?? row), 201, { location });
  });
}

/** GET processes/{process}/cases: latest first. */
export function listCases(ports: Ports): Handler {
  return http(async (request) => {
    const { name } = await findProcess(ports, request);
    const { cases, continuation } = await ports.processes.listCases(name, parseQuery(caseQuery, request));
    const body: CaseList = {
      cases: cases.map(caseLine),
      ...(continuation === undefined ? {} : { continuation }),
    };
    return json(body);
  });
}

/** GET processes/{process}/cases/{case} */
export function getCase(ports: Ports): DurableHandler {
  return durableHttp(async (request, client) => {
    const found = await settleCase(ports, starterOf(client), refOf(request));
    if (!found) throw notFound(request);
    return json(caseView(found));
  });
}

/** PATCH processes/{process}/cases/{case}: pieces of data, checked against the steps' schemas. */
export function patchCase(ports: Ports): DurableHandler {
  return changing(ports, async (request) => {
    const { data } = parseBody(caseDataBody, await readJson(request, ports.settings.maxBodyBytes));
    return (value, act) => {
      checkData(value.definition, data);
      return setData(value, data, act);
    };
  });
}

/** POST processes/{process}/cases/{case}/advance: through the gate into the next stage. */
export function advanceCase(ports: Ports): DurableHandler {
  return changing(ports, (request) => withReason(ports, request, advance));
}

/** POST processes/{process}/cases/{case}/back: into the stage before. */
export function goBack(ports: Ports): DurableHandler {
  return changing(ports, (request) => withReason(ports, request, back));
}

/** POST processes/{process}/cases/{case}/abandon */
export function abandonCase(ports: Ports): DurableHandler {
  return changing(ports, (request) => withReason(ports, request, abandon));
}

/** POST processes/{process}/cases/{case}/run: an on-demand step, or a flow of entry once more. */
export function runCaseFlow(ports: Ports): DurableHandler {
  return changing(ports, async (request) => {
    const { flow } = parseBody(caseRunBody, await readJson(request, ports.settings.maxBodyBytes));
    return (value, act) => runOnDemand(value, flow, act);
  });
}

type Change = (value: Case, act: Act) => Outcome;

/** Changes the case as if nobody else did at the same time, then starts what follows from it. */
function changing(ports: Ports, readChange: (request: HttpRequest) => Promise<Change>): DurableHandler {
  return durableHttp(async (request, client) => {
    const change = await readChange(request);
    const act = { by: callerOf(request).name, nowMs: ports.now() };
    for (;;) {
      const stored = await current(ports, request, client);
      const outcome = change(stored.value, act);
      if (!outcome.ok) throw new RequestError('CaseRefused', { detail: outcome.why });
      if (!(await ports.processes.replaceCase({ ...stored, value: outcome.value }))) continue;
      return json(caseView(await current(ports, request, client)));
    }
  });
}

/** @throws RequestError CaseNotFound */
async function current(ports: Ports, request: HttpRequest, client: Orchestrations): Promise<StoredCase> {
  const stored = await settleCase(ports, starterOf(client), refOf(request));
  if (!stored) throw notFound(request);
  return stored;
}

async function withReason(ports: Ports, request: HttpRequest, change: Change): Promise<Change> {
  const { reason } = parseBody(caseStep, await readJson(request, ports.settings.maxBodyBytes));
  return (value, act) => change(value, { ...act, reason });
}

/** @throws RequestError InvalidBody that names each wrong piece of data. */
function checkData({ stages }: ProcessDefinition, data: Record<string, unknown>): void {
  const steps = stages.flatMap((stage) => stage.steps);
  const errors = Object.entries(data).flatMap(([name, value]) => {
    const step = steps.find((known) => known.name === name);
    if (!step) return [{ path: `data.${name}`, message: 'is no step of this process' }];
    if (!step.schema || value === null) return [];
    const wrong = new JsonSchemaCheck(step.schema).check(value);
    return wrong.map(({ path, message }) => ({
      path: ['data', name, path].filter(Boolean).join('.'),
      message,
    }));
  });
  if (errors.length > 0) throw new RequestError('InvalidBody', { errors });
}

function refOf(request: HttpRequest): { process: string; id: string } {
  return { process: request.params['process'] ?? '', id: request.params['case'] ?? '' };
}

function notFound(request: HttpRequest): RequestError {
  const { process, id } = refOf(request);
  return new RequestError('CaseNotFound', { detail: `${process} has no case "${id}".` });
}

/** Counts down, so that the latest case is the first row. */
function newCaseId(nowMs: number): string {
  return `${String(9_999_999_999_999 - nowMs).padStart(13, '0')}${randomBytes(4).toString('hex')}`;
}
