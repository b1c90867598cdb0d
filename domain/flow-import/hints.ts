import type { DefinitionProblem } from '../flows/definition-path';
import { isObject, type JsonObject } from '../expressions/values';

const CONNECTORS: ReadonlySet<unknown> = new Set([
  'OpenApiConnection',
  'OpenApiConnectionWebhook',
  'OpenApiConnectionNotification',
  'ApiConnection',
  'ApiConnectionWebhook',
  'ApiConnectionNotification',
]);

const BY_TYPE: Record<string, string> = {
  Workflow: 'child flows are not supported: start them by an Http action at POST /api/flows/<flow>/run',
};

/** A problem of an exported flow, in the words of who knows where it comes from: what does not run here, and what does its work. */
export function withHint(problem: DefinitionProblem, source: JsonObject): DefinitionProblem {
  const steps = problem.path.split('/').slice(1).map(unescaped);
  const last = steps.at(-1);
  const holder = steps.slice(0, -1).reduce<unknown>(step, source);
  if (last === 'type' && isObject(holder)) {
    const message = steps[0] === 'triggers' ? triggerHint(holder) : actionHint(holder);
    return message === undefined ? problem : { ...problem, message };
  }
  if (steps.at(-2) === 'authentication' && last !== 'connection') {
    return {
      ...problem,
      message:
        'stands in a connection here, by whose name it is used: { "type": "Basic", "connection": "…" }',
    };
  }
  return problem;
}

function actionHint(action: JsonObject): string | undefined {
  const { type } = action;
  if (CONNECTORS.has(type)) {
    return `calls ${operationOf(action)}; connectors are not supported: call the service by an Http action, or do it in a desktop flow`;
  }
  const hint = typeof type === 'string' && Object.hasOwn(BY_TYPE, type) ? BY_TYPE[type] : undefined;
  return hint === undefined ? undefined : `is "${String(type)}": ${hint}`;
}

function triggerHint(trigger: JsonObject): string | undefined {
  if (!CONNECTORS.has(trigger['type'])) return undefined;
  return `waits for ${operationOf(trigger)}; connectors are not supported: let that system send events (Event), or look on a schedule (Recurrence)`;
}

function operationOf({ inputs }: JsonObject): string {
  const host = isObject(inputs) && isObject(inputs['host']) ? inputs['host'] : {};
  const named = [host['apiId'], host['connectionName']].find((name) => typeof name === 'string');
  const connector = named?.split('/').at(-1) ?? 'a connector';
  const operation = host['operationId'];
  return typeof operation === 'string' ? `the operation ${operation} of ${connector}` : connector;
}

function step(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function unescaped(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
