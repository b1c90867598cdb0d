import { readdirSync, statSync } from 'node:fs';
import { extname, join, relative, resolve } from 'node:path';
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import type { FlowDefinition } from '../contracts/flow-definition';
import { caretText } from '../domain/expressions/expression-error';
import { checkDefinition } from '../domain/flows/definition-problems';
import { importFlow, isExportedFlow } from '../domain/flow-import/import-flow';
import { readFile } from './inputs';
import { CliError, exitCodes } from './shell';

/** One place in a file that is wrong. */
export interface FileProblem {
  file: string;
  /** From 1; absent where the place has no line of its own. */
  line?: number;
  /** JSON Pointer. */
  path: string;
  message: string;
  /** The line of an expression with a caret below the place. */
  caret?: string;
}

/** A flow definition and the file that it is in. */
export interface FlowFile {
  file: string;
  definition: FlowDefinition;
  /** From an export of Power Automate. */
  imported: boolean;
}

const EXTENSIONS = ['.json', '.yaml', '.yml'];

/**
 * Reads and checks the flow definitions of a file, or of all JSON and YAML files of a folder and those below it.
 * @throws CliError when there is no such file or folder, or no definition in it.
 */
export function readFlowFiles(
  cwd: string,
  path: string,
): { flows: FlowFile[]; problems: FileProblem[]; files: number } {
  const files = filesAt(resolve(cwd, path));
  if (files.length === 0) {
    throw new CliError(`${path} holds no JSON or YAML file.`, { exitCode: exitCodes.usage });
  }
  const checked = files.map((file) => checkFile(file, relative(cwd, file)));
  const flows = checked.flatMap(({ flow }) => (flow ? [flow] : []));
  const problems = [...checked.flatMap(({ problems: own }) => own), ...sameNames(flows)];
  return { flows, problems, files: files.length };
}

/** Problems for people, file by file. */
export function problemsText(problems: readonly FileProblem[]): string {
  return problems
    .map(({ file, line, path, message, caret }) => {
      const place = [file, line].filter((part) => part !== undefined).join(':');
      const text = `${place}  ${path === '' ? '(whole)' : path}: ${message}`;
      return caret === undefined ? text : `${text}\n${caret.replace(/^/gm, '    ')}`;
    })
    .join('\n');
}

function filesAt(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new CliError(`${path}: there is no such file or folder.`, { exitCode: exitCodes.usage });
  if (!found.isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => EXTENSIONS.includes(extname(name).toLowerCase()))
    .sort()
    .map((name) => join(path, name));
}

function checkFile(path: string, file: string): { flow?: FlowFile; problems: FileProblem[] } {
  const lines = new LineCounter();
  // JSON is YAML, and its places are known.
  const document = parseDocument(readFile(path).toString('utf8'), { lineCounter: lines });
  if (document.errors.length > 0) {
    return {
      problems: document.errors.map(({ message, pos }) => ({
        file,
        line: lines.linePos(pos[0]).line,
        path: '',
        message: message.split('\n')[0] ?? message,
      })),
    };
  }
  const body: unknown = document.toJS({ maxAliasCount: 100 });
  if (typeof body !== 'object' || body === null) {
    return { problems: [{ file, path: '', message: 'is not a flow definition' }] };
  }
  const imported = isExportedFlow(body);
  const checked = imported ? importFlow(body) : checkDefinition(body);
  if (checked.definition) return { flow: { file, definition: checked.definition, imported }, problems: [] };
  return {
    problems: checked.problems.map(({ path: place, message, expression, at }) => {
      const line = lineOf(document, lines, place);
      return {
        file,
        ...(line === undefined ? {} : { line }),
        path: place,
        message,
        ...(expression === undefined || at === undefined ? {} : { caret: caretText({ expression, at }) }),
      };
    }),
  };
}

/** The line of the place, or of what holds it where it is missing. */
function lineOf(document: Document, lines: LineCounter, pointer: string): number | undefined {
  const steps = pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  let node: unknown = document.contents;
  let offset = 0;
  for (const step of steps) {
    let next: unknown;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
      if (isScalar(pair?.key) && pair.key.range) offset = pair.key.range[0];
      next = pair?.value;
    } else if (isSeq(node)) next = node.items[Number(step)];
    if (next === undefined) break;
    node = next;
  }
  return pointer === '' ? undefined : lines.linePos(offset).line;
}

function sameNames(flows: readonly FlowFile[]): FileProblem[] {
  return flows.flatMap(({ file, definition: { name } }, index) => {
    const first = flows.findIndex((flow) => flow.definition.name === name);
    const message = `is the name of the flow in ${flows[first]?.file} too`;
    return first === index ? [] : [{ file, path: '/name', message }];
  });
}
