/**
 * A value that must not lie anywhere in plain text, as histories, rows and messages carry it (docs/adr/0007): ciphertext that only the
 * control plane can open, bound to the one use that it was sealed for.
 */
export interface Sealed {
  readonly $sealed: string;
}

/** A value as it is, or sealed: which of them is known from where it comes. */
export type MaybeSealed<T> = T | Sealed;

export function isSealed(value: unknown): value is Sealed {
  if (typeof value !== 'object' || value === null || !('$sealed' in value)) return false;
  return typeof value.$sealed === 'string' && Object.keys(value).length === 1;
}

/** Seals and opens without waiting for anything, so orchestrators may use it: the same value and use are always sealed to the same text. */
export interface Sealer {
  seal(value: unknown, use: string): Sealed;
  /** @throws Error when it was not sealed here, or for another use; tells nothing of the content. */
  open(sealed: Sealed, use: string): unknown;
  /** Tells texts apart without telling anything of them to who has no key. */
  fingerprint(text: string): string;
  /** Public key (X25519, SPKI DER in base64) by which machines seal what only the control plane may read. */
  publicKey(): string;
}

/** What a run seals is opened for that run only; its parts and children are named after it. */
export function useOfRun(instance: string): string {
  return `run ${instance.split(/[.-]/)[0]}`;
}

/** What a definition holds that is secure. */
export function useOfFlow(flow: string): string {
  return `flow ${flow}`;
}
