import { AgentError } from '../errors';
import type { Session } from '../session/session';

const FIRST_UNREADABLE = 'for f; do test -r "$f" || { printf %s "$f"; exit 1; }; done';

/**
 * Makes sure that the session's user can read what the run needs: folders on the way may belong to the agent alone.
 * @throws AgentError SessionCreationError naming the file.
 */
export async function assertReadable(session: Session, files: readonly string[]): Promise<void> {
  const child = session.spawn('/bin/sh', ['-c', FIRST_UNREADABLE, 'sh', ...files], {
    cwd: '/',
    env: session.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code === 0) return;
  throw new AgentError(
    'SessionCreationError',
    `The user of the session cannot read ${said.trim()}. Programs and data folder of the agent have to lie where every user may pass, ` +
      'such as /opt/attendant and /var/lib/attendant-agent.',
  );
}
