import { readFileSync, writeFileSync } from 'node:fs';
import { generate } from 'peggy';

/*
 * Writes domain/expressions/grammar.generated.ts from the grammar beside it, from the product's folder: `npm run build && npm run grammar`.
 * test/domain/expressions/grammar.test.ts fails when the two differ.
 */

const GRAMMAR = 'domain/expressions/grammar.peggy';
const PARSER = 'domain/expressions/grammar.generated.ts';

/** Text of the parser. */
export function parserModule(): string {
  const parser = generate(readFileSync(GRAMMAR, 'utf8'), { output: 'source', format: 'bare' });
  return [
    '// @ts-nocheck -- generated JavaScript; parse-template.ts gives the nodes their types',
    `// Written by scripts/grammar.ts from ${GRAMMAR}: change that.`,
    '',
    'interface SyntaxProblem extends Error {',
    '  expected: { type: string; description?: string; text?: string }[];',
    '  found: string | null;',
    '  location: { start: { offset: number } };',
    '}',
    '',
    'export const grammar: {',
    '  parse(text: string): unknown;',
    '  SyntaxError: new (...parts: never[]) => SyntaxProblem;',
    `} = ${parser.trim()};`,
    '',
  ].join('\n');
}

if (require.main === module) {
  writeFileSync(PARSER, parserModule());
}
