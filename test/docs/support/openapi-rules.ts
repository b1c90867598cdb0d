import { Ajv2020 } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';

type Json = Record<string, unknown>;

const DOCUMENT = 'https://attendant.invalid/openapi.json';
const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'options'];
const KEYS: Record<string, readonly string[]> = {
  document: ['openapi', 'info', 'servers', 'tags', 'paths', 'components'],
  operation: [
    'operationId',
    'tags',
    'summary',
    'description',
    'security',
    'parameters',
    'requestBody',
    'responses',
  ],
  parameter: ['name', 'in', 'required', 'description', 'schema', 'example'],
  requestBody: ['required', 'content', 'description'],
  response: ['description', 'headers', 'content'],
  media: ['schema', 'example', 'examples'],
  header: ['description', 'schema'],
};

/** Checks an OpenAPI document against the rules of the 3.1.0 specification, as far as this API makes use of it. */
export class OpenApiRules {
  readonly problems: string[] = [];
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true });

  constructor(private readonly document: Json) {
    addFormats.default(this.ajv);
    // The whole document is known to ajv, so that references are resolved in it.
    this.ajv.addSchema({ $id: DOCUMENT, ...document });
  }

  check(): string[] {
    this.keys('document', this.document, '#');
    const info = part(this.document, 'info');
    this.must(/^3\.1\.\d+$/.test(String(this.document['openapi'])), 'openapi is not 3.1');
    this.must(Boolean(info['title']) && Boolean(info['version']), 'info needs title and version');
    this.references(this.document, '#');
    for (const name of componentNames(this.document)) {
      this.must(/^[a-zA-Z0-9._-]+$/.test(name), `${name} is not a component name`);
    }
    const seen = new Set<string>();
    for (const [path, item] of Object.entries(part(this.document, 'paths'))) {
      this.must(path.startsWith('/'), `${path} does not begin with /`);
      // Templates that differ in the names of their parameters only are the same path.
      const shape = path.replace(/\{\w+\}/g, '{}');
      this.must(!seen.has(shape), `${path} stands twice`);
      seen.add(shape);
      for (const [method, operation] of Object.entries(item as Json)) {
        this.must(METHODS.includes(method), `${path}: ${method} is not a method`);
        this.operation(`${method} ${path}`, path, operation as Json);
      }
    }
    const ids = operationsOf(this.document).map(({ operationId }) => String(operationId));
    this.must(new Set(ids).size === ids.length, 'an operationId stands twice');
    return this.problems;
  }

  private operation(at: string, path: string, operation: Json): void {
    this.keys('operation', operation, at);
    const declared = new Set((this.document['tags'] as Json[]).map(({ name }) => name));
    for (const tag of operation['tags'] as string[]) this.must(declared.has(tag), `${at}: no tag ${tag}`);
    const schemes = part(part(this.document, 'components'), 'securitySchemes');
    for (const name of (operation['security'] as Json[]).flatMap(Object.keys)) {
      this.must(name in schemes, `${at}: no security scheme ${name}`);
    }
    this.parameters(at, path, (operation['parameters'] ?? []) as Json[]);
    if (operation['requestBody']) {
      this.keys('requestBody', part(operation, 'requestBody'), at);
      this.content(at, part(operation, 'requestBody'));
    }
    const responses = Object.entries(part(operation, 'responses'));
    this.must(
      responses.some(([status]) => status.startsWith('2')),
      `${at}: nothing is said of success`,
    );
    for (const [status, response] of responses) {
      this.must(/^[1-5]\d\d$/.test(status), `${at}: ${status} is not a status`);
      this.response(`${at} ${status}`, this.resolved(response as Json));
    }
  }

  private parameters(at: string, path: string, parameters: readonly Json[]): void {
    const inPath = parameters.filter((each) => each['in'] === 'path').map(({ name }) => String(name));
    const templated = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => String(name));
    this.must(
      inPath.toSorted(byText).join() === templated.toSorted(byText).join(),
      `${at}: parameters are not those of the path`,
    );
    const names = parameters.map((each) => `${String(each['in'])} ${String(each['name'])}`);
    this.must(new Set(names).size === names.length, `${at}: a parameter stands twice`);
    for (const parameter of parameters) {
      const where = `${at} ${String(parameter['name'])}`;
      this.keys('parameter', parameter, where);
      this.must(['path', 'query', 'header'].includes(String(parameter['in'])), `${where}: wrong place`);
      this.must(parameter['in'] !== 'path' || parameter['required'] === true, `${where} is not required`);
      this.media(where, parameter);
    }
  }

  private response(at: string, response: Json): void {
    this.keys('response', response, at);
    this.must(Boolean(response['description']), `${at}: no description`);
    for (const header of Object.values(part(response, 'headers'))) this.keys('header', header as Json, at);
    this.content(at, response);
  }

  private content(at: string, holder: Json): void {
    for (const [type, media] of Object.entries(part(holder, 'content'))) {
      this.must(/^[a-z]+\/[a-z+-]+$/.test(type), `${at}: ${type} is not a media type`);
      this.keys('media', media as Json, `${at} ${type}`);
      this.media(`${at} ${type}`, media as Json);
      const told = part(media as Json, 'examples');
      for (const each of Object.values(told)) {
        this.media(at, { schema: (media as Json)['schema'], example: this.resolved(each as Json)['value'] });
      }
      if (type.endsWith('json')) {
        this.must('example' in (media as Json) || Object.keys(told).length > 0, `${at}: no example`);
      }
    }
  }

  /** The schema must be one (JSON Schema 2020-12), the example must fit it. */
  private media(at: string, { schema, example }: Json): void {
    if (schema === undefined) return;
    const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', `"${DOCUMENT}#/`)) as Json;
    const validate = this.ajv.compile(absolute);
    if (example === undefined) return;
    this.must(validate(example) === true, `${at}: ${this.ajv.errorsText(validate.errors)}`);
  }

  private references(value: unknown, at: string): void {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, inner] of Object.entries(value)) {
      if (name === '$ref')
        this.must(this.at(String(inner)) !== undefined, `${at}: nothing at ${String(inner)}`);
      else this.references(inner, `${at}/${name}`);
    }
  }

  private resolved(object: Json): Json {
    return typeof object['$ref'] === 'string' ? (this.at(object['$ref']) as Json) : object;
  }

  private at(pointer: string): unknown {
    const names = pointer.split('/').slice(1);
    return names.reduce<unknown>((value, name) => (value as Json | undefined)?.[name], this.document);
  }

  private keys(kind: string, object: Json, at: string): void {
    for (const key of Object.keys(object)) {
      this.must(KEYS[kind]?.includes(key) === true, `${at}: a ${kind} has no ${key}`);
    }
  }

  private must(holds: boolean, problem: string): void {
    if (!holds) this.problems.push(problem);
  }
}

/** Every operation object of a document. */
export function operationsOf(document: Json): Json[] {
  return Object.values(part(document, 'paths')).flatMap((item) => Object.values(item as Json) as Json[]);
}

function componentNames(document: Json): string[] {
  return Object.values(part(document, 'components')).flatMap((kind) => Object.keys(kind as Json));
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}

function part(object: Json, name: string): Json {
  return (object[name] ?? {}) as Json;
}
