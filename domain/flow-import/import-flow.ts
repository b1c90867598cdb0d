import { isObject, type JsonObject } from '../expressions/values';
import { checkDefinition } from '../flows/definition-problems';
import type { DefinitionProblem } from '../flows/definition-path';
import { withHint } from './hints';
import { isDataOperation, withoutDesign } from './plain-actions';

/** Where a definition stands in an export of Power Automate. */
const WITHIN = '/properties/definition';

/** Parameters that only name the connections of the system that the flow comes from. */
const CONNECTION_PARAMETERS = ['$connections', '$authentication'];

/** The operation "Run a flow built with Power Automate for desktop". */
const RUN_DESKTOP_FLOW = 'RunUIFlow_V2';

/** Whether it is the JSON of a cloud flow as Power Automate exports it. */
export function isExportedFlow(body: unknown): body is JsonObject {
  return isObject(body) && isObject(body['properties']) && isObject(body['properties']['definition']);
}

/**
 * The definition that an exported cloud flow makes here, or every place of it that cannot run, by its path in the export. Connections
 * keep the names of their references, desktop flows their ids: a connection and a desktop flow of these names have to be there.
 */
export function importFlow(exported: JsonObject): ReturnType<typeof checkDefinition> {
  const properties = objectOf(exported['properties']);
  const { $schema: _schema, contentVersion: _version, ...source } = objectOf(properties['definition']);
  const parameters = Object.entries(objectOf(source['parameters'])).filter(
    ([name]) => !CONNECTION_PARAMETERS.includes(name),
  );
  const converted = convertedActions(source['actions']);
  const checked = checkDefinition({
    ...objectOf(withPlainPaths(source, converted)),
    name: nameFrom(properties['displayName'] ?? exported['name']),
    ...(parameters.length > 0 ? { parameters: Object.fromEntries(parameters) } : { parameters: undefined }),
    triggers: mapped(withPlainPaths(source['triggers'], converted), importTrigger),
    actions: importActions(withPlainPaths(source['actions'], converted)),
  });
  if (checked.definition) return checked;
  return {
    problems: checked.problems.map((problem): DefinitionProblem => ({
      ...withHint(problem, source),
      path: problem.path === '/name' ? '/properties/displayName' : WITHIN + problem.path,
    })),
  };
}

function importTrigger(trigger: JsonObject): JsonObject {
  const { metadata: _metadata, ...given } = trigger;
  const rest = given['type'] === 'Request' ? withoutAuthentication(given) : given;
  const recurrence = objectOf(rest['recurrence']);
  const schedule = objectOf(recurrence['schedule']);
  const numbers = (name: string): object =>
    Array.isArray(schedule[name]) ? { [name]: schedule[name].map(Number) } : {};
  if (rest['type'] !== 'Recurrence') return rest;
  return {
    ...rest,
    recurrence: {
      ...recurrence,
      ...(isObject(recurrence['schedule'])
        ? { schedule: { ...schedule, ...numbers('hours'), ...numbers('minutes') } }
        : {}),
    },
  };
}

/** Who may call is settled by keys and roles here. */
function withoutAuthentication(trigger: JsonObject): JsonObject {
  const { triggerAuthenticationType: _type, ...inputs } = objectOf(trigger['inputs']);
  return trigger['inputs'] === undefined ? trigger : { ...trigger, inputs };
}

function importActions(actions: unknown): JsonObject {
  return mapped(actions, (action) => {
    const converted = isDesktopFlow(action) ? desktopFlowFrom(action) : withoutDesign(action);
    return {
      ...converted,
      ...(isObject(action['actions']) ? { actions: importActions(action['actions']) } : {}),
      ...branch('else', action['else']),
      ...branch('default', action['default']),
      ...(isObject(action['cases'])
        ? { cases: mapped(action['cases'], (one) => ({ ...one, ...branchActions(one) })) }
        : {}),
    };
  });
}

function branch(name: string, block: unknown): JsonObject {
  return isObject(block) ? { [name]: { ...block, ...branchActions(block) } } : {};
}

function branchActions(block: JsonObject): JsonObject {
  return isObject(block['actions']) ? { actions: importActions(block['actions']) } : {};
}

function isDesktopFlow(action: JsonObject): boolean {
  return objectOf(objectOf(action['inputs'])['host'])['operationId'] === RUN_DESKTOP_FLOW;
}

/** `item/Name` of the operation's parameters is the desktop flow's input `Name`. */
function desktopFlowFrom(action: JsonObject): JsonObject {
  const inputs = objectOf(action['inputs']);
  const host = objectOf(inputs['host']);
  const { uiFlowId, runMode, item, ...others } = objectOf(inputs['parameters']);
  const items = Object.entries(others).filter(([name]) => name.startsWith('item/'));
  const unknown = Object.entries(others).filter(([name]) => !name.startsWith('item/'));
  const { retryPolicy } = inputs;
  return {
    ...action,
    type: 'DesktopFlow',
    inputs: {
      desktopFlow: uiFlowId,
      connection: host['connectionReferenceName'] ?? host['connectionName'],
      ...(runMode === undefined
        ? {}
        : { mode: typeof runMode === 'string' ? runMode.toLowerCase() : runMode }),
      inputs: {
        ...objectOf(item),
        ...Object.fromEntries(items.map(([name, value]) => [name.slice('item/'.length), value])),
      },
      ...(retryPolicy === undefined ? {} : { retryPolicy }),
      ...Object.fromEntries(unknown),
    },
  };
}

/** Names of the actions whose outputs are their body here, at any depth. */
function convertedActions(value: unknown): Set<string> {
  if (!isObject(value)) return new Set();
  return new Set(
    Object.entries(value).flatMap(([name, inner]) => [
      ...(isObject(inner) && (isDesktopFlow(inner) || isDataOperation(inner)) ? [name] : []),
      ...convertedActions(inner),
    ]),
  );
}

/**
 * Exports write `outputs('Run')?['body/Total']`: the path within the body as one name. Here it becomes `body('Run')?['Total']`, and the same
 * for the trigger.
 */
function withPlainPaths(value: unknown, converted: ReadonlySet<string>): unknown {
  if (typeof value === 'string') {
    return value
      .replace(
        /triggerOutputs\(\)(\??)\['body\/([^']*)'\]/g,
        (_whole, optional: string, path: string) => `triggerBody()${steps(path, optional)}`,
      )
      .replace(
        /outputs\('((?:[^']|'')*)'\)(\??)\['body(?:\/([^']*))?'\]/g,
        (whole, name: string, optional: string, path?: string) =>
          converted.has(name.replaceAll("''", "'"))
            ? `body('${name}')${path === undefined ? '' : steps(path, optional)}`
            : whole,
      );
  }
  if (Array.isArray(value)) return value.map((item) => withPlainPaths(item, converted));
  if (!isObject(value)) return value;
  return mapEntries(value, (inner) => withPlainPaths(inner, converted));
}

function steps(path: string, optional: string): string {
  return path
    .split('/')
    .map((step) => `${optional}['${step}']`)
    .join('');
}

/** A name of ours: letters, digits and dashes of the flow's title. */
function nameFrom(title: unknown): string {
  return (typeof title === 'string' ? title : '')
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64);
}

function mapped(all: unknown, change: (one: JsonObject) => unknown): JsonObject {
  return mapEntries(objectOf(all), (one) => (isObject(one) ? change(one) : one));
}

function mapEntries(all: JsonObject, change: (value: unknown) => unknown): JsonObject {
  return Object.fromEntries(Object.entries(all).map(([key, value]) => [key, change(value)]));
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}
