import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { uploadedFile, type FlowView } from '../contracts/api-flows';
import type { Api } from './api';
import { CliError, exitCodes } from './shell';

const properties = z.record(z.string(), z.looseObject({ type: z.string().optional() }).or(z.boolean()));

/**
 * The input of a run from `--input-json` and, on top of it, each `--input name=value`. A value is read as the flow's schema says (numbers,
 * booleans, lists, objects as JSON); `@path` uploads the file and gives its id, `@@` stands for `@`.
 * @throws CliError when an option is not of this form or a file cannot be read.
 */
export async function buildInput(
  options: { input: string[]; inputJson?: string | undefined; cwd: string },
  flow: FlowView,
  api: Api,
): Promise<Record<string, unknown>> {
  const known = properties.safeParse(flow.inputs?.['properties']);
  const input: Record<string, unknown> =
    options.inputJson === undefined ? {} : parseObject(options.inputJson, options.cwd);
  for (const pair of options.input) {
    const [name, value] = split(pair, `--input ${pair}: write it as name=value or name=@file.`);
    const property = known.success ? known.data[name] : undefined;
    const type = typeof property === 'object' ? property.type : undefined;
    input[name] = await readValue({ name, value, type, cwd: options.cwd, api });
  }
  return input;
}

/**
 * Values for the flow's parameters from `--parameter name=value`, as JSON; undefined when none is given.
 * @throws CliError when one is not of this form or of the parameter's type.
 */
export function buildParameters(pairs: readonly string[], flow: FlowView): string | undefined {
  if (pairs.length === 0) return undefined;
  const values = pairs.map((pair): [string, unknown] => {
    const [name, value] = split(pair, `--parameter ${pair}: write it as name=value.`);
    const type = flow.definition.parameters?.[name]?.type;
    const isText = type === undefined || type === 'string' || type === 'securestring';
    return [name, isText ? value : typed(value, { option: `--parameter ${name}`, type })];
  });
  return JSON.stringify(Object.fromEntries(values));
}

function split(pair: string, hint: string): [name: string, value: string] {
  const at = pair.indexOf('=');
  if (at < 1) throw usage(hint);
  return [pair.slice(0, at), pair.slice(at + 1)];
}

function typed(value: string, { option, type }: { option: string; type: string }): unknown {
  try {
    return JSON.parse(value);
  } catch (cause) {
    throw usage(`${option}: "${value}" is not of type ${type}.`, cause);
  }
}

async function readValue(given: {
  name: string;
  value: string;
  type: string | undefined;
  cwd: string;
  api: Api;
}): Promise<unknown> {
  const { name, value, type, cwd, api } = given;
  if (value.startsWith('@@')) return value.slice(1);
  if (value.startsWith('@')) {
    const content = readFile(resolve(cwd, value.slice(1)));
    return (await api.json(uploadedFile, { method: 'POST', path: 'files', bytes: content })).id;
  }
  if (type === undefined || type === 'string') return value;
  return typed(value, { option: `--input ${name}`, type });
}

function parseObject(text: string, cwd: string): Record<string, unknown> {
  const json = text.startsWith('@') ? readFile(resolve(cwd, text.slice(1))).toString('utf8') : text;
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(json));
  } catch (cause) {
    throw usage('--input-json: give a JSON object, or @file with one.', cause);
  }
}

/** @throws CliError in plain words. */
export function readFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const missing = isObject(cause) && 'code' in cause && cause.code === 'ENOENT';
    throw usage(`${path}: ${missing ? 'there is no such file' : 'this file cannot be read'}.`, cause);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function usage(message: string, cause?: unknown): CliError {
  const error = new CliError(message, { exitCode: exitCodes.usage });
  if (cause !== undefined) error.cause = cause;
  return error;
}
