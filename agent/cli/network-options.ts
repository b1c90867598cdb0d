import { InvalidArgumentError, Option, type Command } from 'commander';
import { AgentError } from '../errors';
import { network, transports, type Network, type Transport } from '../link/network';

/** What `networkOptions` adds to a command. */
export interface NetworkFlags {
  proxy?: string;
  transport?: Transport;
}

/** Adds --proxy and --transport, which the environment and `agent.env` in the data folder may set too. */
export function networkOptions(command: Command): Command {
  return command
    .option(
      '--proxy <address>',
      'HTTP proxy, as http://host:port; default: HTTPS_PROXY and NO_PROXY',
      proxyAddress,
    )
    .addOption(
      new Option(
        '--transport <name>',
        'amqp (port 5671) or websockets (port 443); default: websockets behind a proxy, else amqp',
      ).choices(transports),
    );
}

/** @throws AgentError SettingInvalid. */
export function networkOf({ proxy, transport }: NetworkFlags): Network {
  const named = process.env['ATTENDANT_TRANSPORT'];
  const known = transports.find((name) => name === named);
  if (named && !known)
    throw new AgentError(
      'SettingInvalid',
      `ATTENDANT_TRANSPORT is "${named}", not ${transports.join(' or ')}.`,
    );
  return network({ proxy, transport: transport ?? known });
}

function proxyAddress(text: string): string {
  if (!/^https?:\/\/[^/]+\/?$/.test(text) || !URL.canParse(text))
    throw new InvalidArgumentError('An address as http://host:port.');
  return text;
}
