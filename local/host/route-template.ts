import { HostError } from './host-error';

export interface RouteTemplate {
  /** ASP.NET's inbound precedence, one digit per segment: compared as text, the lower is tried first. */
  precedence: string;
  /** @returns the route values, or undefined when the path does not match. `path` has no query, segments decoded. */
  match(path: string): Record<string, string> | undefined;
}

interface Parameter {
  name: string;
  catchAll: boolean;
  optional: boolean;
  fallback: string | undefined;
  constraints: ((value: string) => boolean)[];
}

const CONSTRAINTS: Record<string, (...args: string[]) => (value: string) => boolean> = {
  int: () => (value) => /^-?\d+$/.test(value) && Math.abs(Number(value)) <= 2_147_483_648,
  long: () => (value) => /^-?\d{1,19}$/.test(value),
  bool: () => (value) => /^(true|false)$/i.test(value),
  guid: () => (value) => /^[{(]?[\da-f]{8}(-?[\da-f]{4}){3}-?[\da-f]{12}[)}]?$/i.test(value),
  decimal: () => (value) => /^[+-]?(\d+\.?\d*|\.\d+)$/.test(value),
  double: () => (value) => value.trim() !== '' && Number.isFinite(Number(value)),
  float: () => (value) => value.trim() !== '' && Number.isFinite(Number(value)),
  datetime: () => (value) => !Number.isNaN(Date.parse(value)),
  alpha: () => (value) => /^[a-z]*$/i.test(value),
  required: () => (value) => value !== '',
  minlength: (n) => (value) => value.length >= Number(n),
  maxlength: (n) => (value) => value.length <= Number(n),
  length: (min, max) => (value) => value.length >= Number(min) && value.length <= Number(max ?? min),
  min: (n) => (value) => Number(value) >= Number(n),
  max: (n) => (value) => Number(value) <= Number(n),
  range: (min, max) => (value) => Number(value) >= Number(min) && Number(value) <= Number(max),
  regex: (pattern) => (value) => new RegExp(pattern ?? '', 'i').test(value),
};

/**
 * Compiles an ASP.NET route template: `{name}`, `{name:int:min(1)}`, `{name?}`, `{name=value}`, `{*rest}`, and literals mixed
 * with parameters in one segment (`v{version}`).
 * @param template with the route prefix, without leading slash
 * @throws HostError `TriggerInvalid` for a template that the real host refuses as well.
 */
export function compileRoute(template: string, functionName: string): RouteTemplate {
  const refuse = (why: string): never => {
    throw new HostError('TriggerInvalid', `The route '${template}' of the function ${functionName} ${why}`);
  };
  const parameters: Parameter[] = [];
  let pattern = '^';
  let precedence = '';
  const segments = template.split(/\/(?![^{]*\})/).filter((segment) => segment !== '');
  for (const segment of segments) {
    if (parameters.some((parameter) => parameter.catchAll)) refuse('has segments after a catch-all.');
    const parts = [...segment.matchAll(/\{((?:[^{}]|\{\{|\}\})+)\}|([^{}]+)/g)];
    if (parts.map((part) => part[0]).join('') !== segment) refuse(`has an unbalanced brace in '${segment}'.`);
    const before = parameters.length;
    for (const [, inner] of parts) if (inner !== undefined) parameters.push(parseParameter(inner, refuse));
    const last = parameters.at(-1);
    precedence += digit(parts.length, parameters.slice(before));
    if (parts.length === 1 && last && parameters.length > before) {
      const value = last.catchAll ? '(.*)' : '([^/]+)';
      const absent = last.optional || last.catchAll || last.fallback !== undefined;
      pattern += absent ? `(?:/${value})?` : `/${value}`;
    } else {
      pattern += `/${parts.map(([text, inner]) => (inner === undefined ? escapeRegExp(text) : '([^/]+?)')).join('')}`;
    }
  }
  const names = parameters.map((parameter) => parameter.name.toLowerCase());
  if (new Set(names).size < names.length) refuse('has the same parameter twice.');
  const regex = new RegExp(`${pattern}/?$`, 'i');
  return { precedence, match: (path) => matchPath(regex, parameters, path) };
}

function matchPath(regex: RegExp, parameters: Parameter[], path: string): Record<string, string> | undefined {
  const found = regex.exec(path);
  if (!found) return undefined;
  const values: Record<string, string> = {};
  for (const [index, parameter] of parameters.entries()) {
    const value = found[index + 1] || parameter.fallback;
    if (value === undefined) continue;
    if (!parameter.constraints.every((allows) => allows(value))) return undefined;
    values[parameter.name] = value;
  }
  return values;
}

function parseParameter(inner: string, refuse: (why: string) => never): Parameter {
  const [, stars = '', name = '', rest = ''] = /^(\*{0,2})([^:=?]+)(.*)$/s.exec(inner) ?? [];
  if (name === '') refuse(`has a parameter without a name in '{${inner}}'.`);
  const optional = rest.endsWith('?');
  const [constraintText, fallback] = splitFallback(optional ? rest.slice(0, -1) : rest);
  const constraints = splitConstraints(constraintText).map((text) => {
    const [, key = '', args] = /^([^(]+)(?:\((.*)\))?$/s.exec(text) ?? [];
    const create = CONSTRAINTS[key.toLowerCase()];
    if (!create) return refuse(`uses the unknown constraint '${text}'.`);
    if (args === undefined) return create();
    return key.toLowerCase() === 'regex'
      ? create(args.replaceAll('{{', '{').replaceAll('}}', '}'))
      : create(...args.split(',').map((arg) => arg.trim()));
  });
  return { name, catchAll: stars !== '', optional, fallback, constraints };
}

function splitFallback(text: string): [string, string | undefined] {
  const at = text.search(/=(?![^(]*\))/);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** `:int:length(1,2)` → `int`, `length(1,2)`; colons inside parentheses belong to the argument. */
function splitConstraints(text: string): string[] {
  return text.split(/:(?![^(]*\))/).filter((part) => part !== '');
}

/** RoutePrecedence.ComputeInbound: literal 1, mixed or constrained 2, parameter 3, catch-all 4 or 5. */
function digit(parts: number, parameters: Parameter[]): string {
  const [parameter] = parameters;
  if (!parameter) return '1';
  if (parts > 1) return '2';
  const constrained = parameter.constraints.length > 0;
  if (parameter.catchAll) return constrained ? '4' : '5';
  return constrained ? '2' : '3';
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
