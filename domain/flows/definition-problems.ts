import type { z } from 'zod';
import { flowDefinition, type FlowDefinition } from '../../contracts/flow-definition';
import { everyAction } from './action-tree';
import { contentSchemaProblem } from './data-operations/parse-json';
import { pointer, type DefinitionProblem } from './definition-path';
import { problemOf } from './parameters';
import { planProblems } from './plan';
import { referenceProblems } from './reference-problems';
import { rawBlocks, tooDeep, DEEPEST, MOST_ACTIONS, type RawBlock } from './raw-definition';
import { triggerProblems } from './trigger-problems';

/**
 * Checks a definition as it was written. All problems are told at once, each with its path: what the schema refuses, names used twice,
 * `runAfter` that names nothing or goes in a circle, references to what does not exist, parameters that do not fit, schemas and schedules that
 * do not work.
 * @param options.shortestMs how close occurrences of a schedule may come to each other, which the host says; any by default.
 */
export function checkDefinition(
  body: unknown,
  { shortestMs = 0 }: { shortestMs?: number } = {},
): { definition: FlowDefinition; problems: [] } | { definition?: undefined; problems: DefinitionProblem[] } {
  const deep = tooDeep(body);
  if (deep) {
    return { problems: [{ path: pointer(deep), message: `is nested deeper than ${DEEPEST} blocks` }] };
  }
  const blocks = rawBlocks(body);
  const parsed = flowDefinition.safeParse(body);
  const problems = [
    ...(parsed.success ? [] : parsed.error.issues.flatMap(issueProblems)),
    ...nameProblems(blocks),
    ...blocks.flatMap(({ path, actions }) => planProblems(actions, path)),
    ...referenceProblems(body, blocks),
    ...(parsed.success ? parameterProblems(parsed.data) : []),
    ...(parsed.success ? contentProblems(parsed.data) : []),
    ...(parsed.success ? triggerProblems(parsed.data, { shortestMs }) : []),
  ];
  return parsed.success && problems.length === 0 ? { definition: parsed.data, problems: [] } : { problems };
}

function issueProblems(issue: z.core.$ZodIssue): DefinitionProblem[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: pointer([...path, key]), message: 'is not supported here' }));
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map(({ message }) => ({ path: pointer(path), message }));
  }
  return [{ path: pointer(path), message: issue.message }];
}

function nameProblems(blocks: readonly RawBlock[]): DefinitionProblem[] {
  const seen = new Map<string, string>();
  const problems: DefinitionProblem[] = [];
  for (const { path, actions } of blocks) {
    for (const name of Object.keys(actions)) {
      const at = pointer([...path, name]);
      const first = seen.get(name);
      if (first === undefined) seen.set(name, at);
      else problems.push({ path: at, message: `has a name that is used at ${first} already` });
    }
  }
  if (seen.size > MOST_ACTIONS) {
    problems.push({ path: '/actions', message: `has ${seen.size} actions; ${MOST_ACTIONS} are the most` });
  }
  return problems;
}

function contentProblems({ actions }: FlowDefinition): DefinitionProblem[] {
  return everyAction(actions).flatMap(({ action, path }) => {
    const message = action.type === 'ParseJson' ? contentSchemaProblem(action.inputs.schema) : undefined;
    return message === undefined ? [] : [{ path: pointer([...path, 'inputs', 'schema']), message }];
  });
}

function parameterProblems({ parameters = {} }: FlowDefinition): DefinitionProblem[] {
  return Object.entries(parameters).flatMap(([name, parameter]) => {
    const problem =
      parameter.defaultValue === undefined ? undefined : problemOf(parameter, parameter.defaultValue);
    return problem ? [{ path: pointer(['parameters', name, 'defaultValue']), message: problem }] : [];
  });
}
