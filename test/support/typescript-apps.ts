import { readFileSync } from 'node:fs';
import { transformSync } from '@swc/core';
import { nodeModules } from '../../local/host/core-module';

type Compile = (module: { _compile(code: string, file: string): void }, file: string) => void;

/**
 * Lets the local host load `app.ts` as it is (with `main: 'app.ts'`), so that a test needs no build. The host loads apps with Node's own
 * module system, outside jest's registry; this teaches that one TypeScript for the life of the process.
 */
export function loadTypeScriptNatively(): void {
  const extensions = (nodeModules() as unknown as { _extensions: Record<string, Compile> })._extensions;
  extensions['.ts'] = (module, file) => {
    const { code } = transformSync(readFileSync(file, 'utf8'), {
      filename: file,
      swcrc: false,
      jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
      module: { type: 'commonjs' },
      sourceMaps: 'inline',
    });
    module._compile(code, file);
  };
}
