import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { notificationMode, type NotificationMode } from '../../contracts/console';

const stored = z.record(z.string(), notificationMode).catch({});

/** Row K1: how each user of this machine wants to be told of runs; default: desktop notifications. */
export class Preferences {
  private constructor(
    private readonly file: string,
    private modes: Record<string, NotificationMode>,
  ) {}

  static async open(dataDir: string): Promise<Preferences> {
    const file = path.join(dataDir, 'console-settings.json');
    const text = await readFile(file, 'utf8').catch(() => '{}');
    return new Preferences(file, stored.parse(JSON.parse(text || '{}')));
  }

  of(user: string): NotificationMode {
    return this.modes[user] ?? 'notifications';
  }

  /** @returns when it is on disk. */
  async set(user: string, mode: NotificationMode): Promise<void> {
    this.modes = { ...this.modes, [user]: mode };
    await writeFile(`${this.file}.next`, JSON.stringify(this.modes), { mode: 0o600 });
    await rename(`${this.file}.next`, this.file);
  }
}
