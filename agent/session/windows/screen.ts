import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { powerShellCommand } from './power-shell';

/** Row L8: a picture of all screens of a session, taken by a program in it. */
const SCREEN_SCRIPT = {
  name: 'screen',
  text: `Add-Type -AssemblyName System.Windows.Forms, System.Drawing
$all = [System.Windows.Forms.SystemInformation]::VirtualScreen
$picture = New-Object System.Drawing.Bitmap $all.Width, $all.Height
$drawing = [System.Drawing.Graphics]::FromImage($picture)
$drawing.CopyFromScreen($all.Location, [System.Drawing.Point]::Empty, $all.Size)
$memory = New-Object System.IO.MemoryStream
$picture.Save($memory, [System.Drawing.Imaging.ImageFormat]::Png)
[Convert]::ToBase64String($memory.ToArray())
`,
};

const PNG_BEGIN = 'iVBORw0KGgo';

/** Starts a program in the session. */
type Start = (program: string, args: string[], options: SpawnOptions) => ChildProcess;

/** @returns a PNG. @throws Error with what PowerShell said. */
export async function captureScreen(start: Start): Promise<Buffer> {
  const [program, ...args] = powerShellCommand(SCREEN_SCRIPT);
  const child = start(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.on('data', (chunk: Buffer) => (said[name] += chunk.toString('utf8')));
  child.stdin?.on('error', () => undefined);
  child.stdin?.end('{}\n');
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const text = said.stdout.trim();
  if (!text.startsWith(PNG_BEGIN)) throw new Error(said.stderr.trim().slice(0, 500) || 'no picture came');
  return Buffer.from(text, 'base64');
}
