/*
 * SASL mechanisms. Service Bus clients come as ANONYMOUS or MSSBCBS and prove what they may do with tokens; PLAIN takes
 * the name and key of a rule and is good for what that rule covers.
 */

class OpenMechanism {
  outcome: boolean | undefined;
  readonly username = 'anonymous';

  start(): void {
    this.outcome = true;
  }
}

/** Name and key of a shared access rule as user and password. */
export class PlainMechanism {
  outcome: boolean | undefined;
  username: string | undefined;
  identity: { name: string; key: string } | undefined;

  constructor(private readonly knowsKey: (name: string, key: string) => boolean) {}

  start(response: Buffer | undefined): void {
    const [, name = '', key = ''] = (response ?? Buffer.alloc(0)).toString('utf8').split('\0');
    this.outcome = this.knowsKey(name, key);
    if (!this.outcome) return;
    this.username = name;
    this.identity = { name, key };
  }
}

/** What the broker offers, in rhea's form: a factory for each mechanism. */
export function saslMechanisms(
  knowsKey: (name: string, key: string) => boolean,
): Record<string, () => unknown> {
  return {
    MSSBCBS: () => new OpenMechanism(),
    PLAIN: () => new PlainMechanism(knowsKey),
    ANONYMOUS: () => new OpenMechanism(),
  };
}
