import type { z } from 'zod';
import { AgentError, messageOf } from '../../errors';
import type { RunTool } from '../../system/run-tool';

/** A script for Windows PowerShell 5.1, which every supported Windows has. It reads `$in` and writes one JSON value. */
export interface PowerShellScript {
  /** For error messages. */
  name: string;
  text: string;
}

/** Before every script: UTF-8 both ways, errors end it, the input is in `$in`. */
const PREAMBLE = `$ErrorActionPreference = 'Stop'
[Console]::OutputEncoding = New-Object System.Text.UTF8Encoding $false
$in = [Console]::In.ReadToEnd() | ConvertFrom-Json
`;

/** Program and arguments; the script is encoded, so that nothing in it is taken apart. */
export function powerShellCommand({ text }: PowerShellScript): [program: string, ...args: string[]] {
  const encoded = Buffer.from(PREAMBLE + text, 'utf16le').toString('base64');
  return [
    'powershell.exe',
    '-NoLogo',
    '-NoProfile',
    '-NonInteractive',
    '-ExecutionPolicy',
    'Bypass',
    '-EncodedCommand',
    encoded,
  ];
}

/** JSON in ASCII alone: the code page of the console cannot harm it. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Runs a script; input, passwords among it, goes to its standard input. @throws AgentError Internal with what PowerShell said. */
export async function runScript<T>(
  run: RunTool,
  script: PowerShellScript,
  input: unknown,
  schema: z.ZodType<T>,
): Promise<T> {
  const [program, ...args] = powerShellCommand(script);
  const { code, stdout, stderr } = await run(program, args, `${asciiJson(input)}\n`);
  try {
    return schema.parse(JSON.parse(stdout));
  } catch (error) {
    const said = stderr.trim().slice(0, 500) || (code === 0 ? messageOf(error) : `exit code ${code}`);
    throw new AgentError('Internal', `PowerShell could not tell the ${script.name}: ${said}`, {
      cause: error,
    });
  }
}
