import { z } from 'zod';
import type { FlowChange, StoredFlow } from '../../adapters/flow-ports';
import type { Ports } from '../../adapters/ports';
import { flowSet, MOST_FLOWS_OF_A_SET, type FlowSetResult } from '../../contracts/api-flows';
import type { FlowDefinition } from '../../contracts/flow-definition';
import { noteTarget } from '../access/audit-notes';
import { http, json, type Handler } from '../http';
import { fieldErrors, RequestError, type FieldError } from '../problem';
import { readJson, sha256Hex } from '../request-body';
import { planSchedule } from '../schedules/flow-schedule';
import { flowsEtag } from './flow-view';
import { parseDefinition } from './parse-definition';

/**
 * PUT flows: makes the definitions of a set the current ones, all or none. What is not changed is not written. Of two that change the
 * same flow at once, one is refused.
 */
export function putFlows(ports: Ports): Handler {
  return http(async (request) => {
    const body = await readJson(request, ports.settings.maxBodyBytes * MOST_FLOWS_OF_A_SET);
    const set = requireSet(body, ports);
    const current = await ports.flows.list();
    const wanted = request.headers.get('if-match');
    if (wanted !== null && wanted !== flowsEtag(current)) throw changedMeanwhile();
    const changes = changesTo(current, set);
    const result: FlowSetResult = { applied: !set.dryRun, changes: changes.map(viewOf) };
    if (set.dryRun) return json(result);
    noteTarget(request, targetOf(changes));
    const plan = (flow: StoredFlow): Promise<void> => planSchedule(ports, flow);
    if (!(await ports.flows.change(requireFew(changes), plan))) throw changedMeanwhile();
    return json(result);
  });
}

interface FlowSet {
  definitions: FlowDefinition[];
  prune: boolean;
  dryRun: boolean;
}

interface PlannedChange extends FlowChange {
  change: FlowSetResult['changes'][number]['change'];
  hash: string | undefined;
}

/** The set with its definitions still to be checked, each for all that is wrong with it. */
const outline = flowSet.extend({ flows: z.array(z.unknown()).max(MOST_FLOWS_OF_A_SET) });

/** @throws RequestError InvalidBody, InvalidDefinition that names each wrong place of each flow. */
function requireSet(body: unknown, ports: Ports): FlowSet {
  const parsed = outline.safeParse(body);
  if (!parsed.success) throw new RequestError('InvalidBody', { errors: fieldErrors(parsed.error.issues) });
  const errors: FieldError[] = [];
  const definitions = new Map<string, FlowDefinition>();
  for (const [index, flow] of parsed.data.flows.entries()) {
    const checked = parseDefinition(flow, ports);
    const at = `/flows/${index}`;
    if ('errors' in checked) {
      errors.push(...checked.errors.map(({ path, message }) => ({ path: at + path, message })));
    } else if (definitions.has(checked.definition.name)) {
      errors.push({ path: `${at}/name`, message: 'is the name of another flow of the set' });
    } else definitions.set(checked.definition.name, checked.definition);
  }
  if (errors.length > 0) throw new RequestError('InvalidDefinition', { errors });
  const { prune, dryRun } = parsed.data;
  return { definitions: [...definitions.values()], prune, dryRun };
}

function changesTo(current: readonly StoredFlow[], { definitions, prune }: FlowSet): PlannedChange[] {
  const hashes = new Map(current.map(({ name, hash }) => [name, hash]));
  const kept = definitions.map((definition): PlannedChange => {
    const { name } = definition;
    const was = hashes.get(name);
    const hash = sha256Hex(JSON.stringify(definition));
    return {
      name,
      was,
      hash,
      definition,
      change: was === undefined ? 'create' : was === hash ? 'none' : 'update',
    };
  });
  const named = new Set(kept.map(({ name }) => name));
  const gone = prune ? current.filter(({ name }) => !named.has(name)) : [];
  return [
    ...kept,
    ...gone.map(({ name, hash }): PlannedChange => ({
      name,
      was: hash,
      hash: undefined,
      definition: undefined,
      change: 'delete',
    })),
  ];
}

/** @throws RequestError InvalidBody when it is more than tables change in one go. */
function requireFew(changes: readonly PlannedChange[]): PlannedChange[] {
  const made = changes.filter(({ change }) => change !== 'none');
  if (made.length <= MOST_FLOWS_OF_A_SET) return made;
  const message = `changes ${made.length} flows; ${MOST_FLOWS_OF_A_SET} are the most`;
  throw new RequestError('InvalidBody', { errors: [{ path: 'flows', message }] });
}

/** Each changed flow by itself, so that the audit log can be asked for it. */
function targetOf(changes: readonly PlannedChange[]): Record<string, string> {
  const made = changes.filter(({ change }) => change !== 'none');
  return Object.fromEntries(made.map(({ name }, index) => [`flow ${index + 1}`, name]));
}

function viewOf({ name, change, hash, was }: PlannedChange): FlowSetResult['changes'][number] {
  return { name, change, ...(hash === undefined ? {} : { hash }), ...(was === undefined ? {} : { was }) };
}

function changedMeanwhile(): RequestError {
  return new RequestError('Conflict', {
    detail: 'A flow of the set was changed at the same time; none was written.',
  });
}
