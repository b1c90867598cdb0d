import { mkdir } from 'node:fs/promises';
import { systemClock, type Clock } from '../clock';
import { ControlPlane } from '../control-plane/control-plane';
import { AgentError } from '../errors';
import { lockFolder } from '../identity/data-lock';
import {
  installationOf,
  newIdentity,
  readIdentity,
  readPending,
  writeIdentity,
  writePending,
  type Identity,
} from '../identity/identity';
import { Journal } from '../journal/journal';
import { availableKinds } from '../runner/commands';
import { ownSession } from '../session/own';
import type { SessionPort } from '../session/session';
import { machineReport } from './machine-report';

export interface RegisterOptions {
  /** Address of the control plane. */
  url: string;
  /** One-time token. */
  token: string;
  name: string;
  dataDir: string;
  /** Registers a folder anew that already holds a machine. */
  again?: boolean;
  session?: SessionPort;
  clock?: Clock;
  fetch?: typeof fetch;
}

/**
 * Makes this computer a machine of the control plane. The keys are on disk before they are sent, so a registration whose
 * answer was lost can be repeated with the same token.
 * @throws AgentError AlreadyRegistered, DataFolderInUse, HostUnreachable, RegistrationTokenInvalid …
 */
export async function register(options: RegisterOptions): Promise<Identity> {
  const { url, token, name, dataDir, clock = systemClock } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const unlock = await lockFolder(dataDir);
  try {
    const known = await readIdentity(dataDir);
    if (known && !options.again) {
      throw new AgentError('AlreadyRegistered', `${dataDir} is ${known.machine} at ${known.url}.`);
    }
    const unanswered = await readPending(dataDir);
    const identity = unanswered?.url === url ? { ...unanswered, name } : newIdentity(url, name);
    await writePending(dataDir, identity);
    const controlPlane = new ControlPlane({ url, clock, ...(options.fetch ? { fetch: options.fetch } : {}) });
    const kinds = (): Promise<string[]> => availableKinds(process.env['PATH'] ?? '');
    const registration = await controlPlane.register({
      token,
      name,
      publicKey: identity.signing.publicKey,
      sealingKey: identity.sealing.publicKey,
      installation: installationOf(dataDir),
      report: await machineReport(options.session ?? ownSession(), { kinds }),
    });
    const registered = { ...identity, ...registration };
    await Journal.begin({ folder: dataDir, clock, monotonic: () => clock.now() }, registration);
    await writeIdentity(dataDir, registered);
    return registered;
  } finally {
    await unlock();
  }
}
