import type { Command } from 'commander';
import { Api } from './api';
import { findEndpoint } from './endpoint';
import type { Shell } from './shell';

interface CommonOptions {
  json?: boolean;
  utc?: boolean;
  url?: string;
  key?: string;
}

/** What a command works with. */
export interface Session {
  shell: Shell;
  api: Api;
  json: boolean;
  utc: boolean;
  /** Prints `value` as JSON with --json, else the text. */
  print(value: unknown, text: () => string): void;
}

/** A command that talks to the API: with the options that all of them have. */
export function apiCommand(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .option('--json', 'print the result as JSON')
    .option('--utc', 'show times in UTC')
    .option('--url <address>', 'address of the host (ATTENDANT_URL; default: the one that runs here)')
    .option('--key <key>', 'function key (ATTENDANT_KEY; default: that of the host that runs here)');
}

/** Examples at the end of a command's help. */
export function examples(command: Command, ...lines: string[]): Command {
  return command.addHelpText('after', ['', 'Examples:', ...lines.map((line) => `  $ ${line}`)].join('\n'));
}

export function sessionOf(shell: Shell, command: Command): Session {
  const { json = false, utc = false, url, key } = command.opts<CommonOptions>();
  const endpoint = findEndpoint(shell, {
    ...(url === undefined ? {} : { url }),
    ...(key === undefined ? {} : { key }),
  });
  return {
    shell,
    api: new Api(endpoint, shell.fetch),
    json,
    utc,
    print: (value, text) => shell.out(json ? JSON.stringify(value, null, 2) : text()),
  };
}

/** Segment of a path. */
export function part(text: string): string {
  return encodeURIComponent(text);
}
