import { createHmac } from 'node:crypto';

/** A Service Bus authorization rule: its name and its key. */
export interface RuleKey {
  name: string;
  key: string;
}

/**
 * A shared access signature for one queue, as Service Bus defines it.
 * @param resource address of the queue, such as `sb://host/queue`.
 */
export function signAccess(resource: string, rule: RuleKey, expiresMs: number): string {
  const encoded = encodeURIComponent(resource);
  const expiry = Math.floor(expiresMs / 1_000);
  const signature = createHmac('sha256', rule.key).update(`${encoded}\n${expiry}`).digest('base64');
  return `SharedAccessSignature sr=${encoded}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=${rule.name}`;
}

/** Connection string that opens this queue only, until `expiresMs`. */
export function accessString(options: {
  endpoint: string;
  emulator: boolean;
  queue: string;
  rule: RuleKey;
  expiresMs: number;
}): string {
  const { endpoint, queue, rule, expiresMs } = options;
  const signature = signAccess(`${endpoint}/${queue}`, rule, expiresMs);
  const emulator = options.emulator ? ';UseDevelopmentEmulator=true' : '';
  return `Endpoint=${endpoint}/;SharedAccessSignature=${signature}${emulator}`;
}
