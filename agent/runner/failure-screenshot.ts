import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { FailureScreenshot } from '../../contracts/agent-protocol';
import type { ControlPlane } from '../control-plane/control-plane';
import { messageOf } from '../errors';
import type { Session } from '../session/session';

const NAME = 'failure.png';
/** A screen that does not answer must not keep the machine. */
const PATIENCE_MS = 10_000;
const UPLOAD_MS = 60_000;

/** Row L8: takes a picture of the session's screen. @returns the PNG, or why there is none; never rejects. */
export async function takeScreenshot(session: Session): Promise<Buffer | string> {
  if (!session.screenshot) return 'This session has no screen that the agent can see.';
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('The screen did not answer in time.'), PATIENCE_MS);
  });
  try {
    return await Promise.race([session.screenshot(), late]);
  } catch (error) {
    return `The screen could not be captured: ${messageOf(error)}`.slice(0, 500);
  } finally {
    clearTimeout(timer);
  }
}

/** Keeps the picture with the run's artifacts. Never rejects. */
export async function keepScreenshot(
  taken: Buffer | string,
  of: { run: string; folder: string; controlPlane: Pick<ControlPlane, 'uploadArtifact'> },
): Promise<FailureScreenshot> {
  if (typeof taken === 'string') return { none: taken };
  const file = path.join(of.folder, NAME);
  try {
    // The folder was the session user's: whatever is there is not followed.
    await rm(file, { recursive: true, force: true });
    await writeFile(file, taken, { flag: 'wx' });
    await of.controlPlane.uploadArtifact(of.run, NAME, file, AbortSignal.timeout(UPLOAD_MS));
    return { artifact: NAME };
  } catch (error) {
    return { none: `The picture could not be kept: ${messageOf(error)}`.slice(0, 500) };
  }
}
