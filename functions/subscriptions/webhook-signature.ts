import { createHmac, randomBytes } from 'node:crypto';
import { z } from 'zod';

const PREFIX = 'whsec_';

/** What is kept of a subscription's secrets, as JSON, where credentials are kept. */
const keptSecrets = z.object({
  current: z.string(),
  /** Signs too until then, so that a receiver can change over. */
  previous: z.object({ secret: z.string(), untilMs: z.number() }).optional(),
});
export type KeptSecrets = z.infer<typeof keptSecrets>;

/** @throws ZodError when the store was tampered with. */
export function parseSecrets(text: string): KeptSecrets {
  return keptSecrets.parse(JSON.parse(text));
}

export function newSecret(): string {
  return `${PREFIX}${randomBytes(32).toString('base64')}`;
}

/**
 * Headers of Standard Webhooks: HMAC-SHA256 over `<id>.<timestamp>.<body>` with each secret that is valid now, in base64.
 * The timestamp (seconds) is that of this attempt, so that a receiver can refuse what was recorded and sent again.
 */
export function signatureHeaders(
  message: { id: string; body: string },
  secrets: KeptSecrets,
  nowMs: number,
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  const { current, previous } = secrets;
  const valid = previous && previous.untilMs > nowMs ? [current, previous.secret] : [current];
  const signatures = valid.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
    const signed = `${message.id}.${timestamp}.${message.body}`;
    return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  });
  return {
    'webhook-id': message.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
