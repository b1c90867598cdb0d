import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from '../../support/processes';

/** The agent's program where every user may read it, as an administrator installs it: the checkout, or a copy of it. */
export class ReachableProgram {
  private readonly copy: string | undefined;

  constructor() {
    if (isOpen(ROOT) && isOpen(process.execPath)) return;
    this.copy = mkdtempSync(join(tmpdir(), 'attendant-program-'));
    chmodSync(this.copy, 0o755);
    const parts = ['dist', 'node_modules', 'package.json'].map((name) => join(ROOT, name));
    try {
      // Links to the same files are made in a moment, on one file system.
      execFileSync('cp', ['-al', ...parts, this.copy], { stdio: 'ignore' });
    } catch {
      execFileSync('cp', ['-a', ...parts, this.copy]);
    }
  }

  get script(): string {
    return join(this.copy ?? ROOT, 'dist/agent/main.js');
  }

  get node(): string {
    return this.copy ? join(this.copy, 'node_modules/node/bin/node') : process.execPath;
  }

  remove(): void {
    if (this.copy) rmSync(this.copy, { recursive: true, force: true });
  }
}

/** Whether everybody may pass through all folders on the way. */
function isOpen(path: string): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o005) !== 0o005) return false;
    if (folder === dirname(folder)) return true;
  }
}
