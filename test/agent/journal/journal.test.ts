import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Journal, type JournalOptions } from '../../../agent/journal/journal';
import { systemClock } from '../../../agent/clock';
import type { JournalRecord } from '../../../agent/protocol/records';

const run = (n: number): string => `${'A'.repeat(26)}-${n}`;
const accepted = (n: number): JournalRecord => ({
  k: 'accepted',
  run: run(n),
  fence: { epoch: 1, n },
  userKey: 'anna',
});

describe('the journal of the agent', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'attendant-journal-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const openJournal = (options: Partial<JournalOptions> = {}): Promise<Journal> =>
    Journal.open({ folder, clock: systemClock, monotonic: () => 0, ...options });
  const file = (): string => path.join(folder, 'journal.jsonl');
  const known = (journal: Journal): string[] => [...journal.state.runs.keys()];

  test('what was appended is there after a restart, unsent events in order', async () => {
    const journal = await openJournal();
    await journal.append([accepted(1)]);
    await journal.append([
      accepted(2),
      {
        k: 'event',
        id: 1,
        kind: 'accepted',
        run: run(2),
        fence: { epoch: 1, n: 2 },
        time: '2026-01-01T00:00:00Z',
        body: '{}',
      },
      {
        k: 'event',
        id: 2,
        kind: 'accepted',
        run: run(2),
        fence: { epoch: 1, n: 2 },
        time: '2026-01-01T00:00:00Z',
        body: '{}',
      },
    ]);
    journal.note({ k: 'sent', id: 1 });
    await journal.close();
    const again = await openJournal();
    expect(known(again)).toEqual([run(1), run(2)]);
    expect([...again.state.unsent.keys()]).toEqual([2]);
    expect(again.state.highest).toEqual({ epoch: 1, n: 2 });
    // The monotonic instant of an acceptance means nothing to another process (rule 2).
    expect(again.state.runs.get(run(1))).toMatchObject({ state: 'accepted', acceptedAt: undefined });
    await again.close();
  });

  test('many appends share one write', async () => {
    const journal = await openJournal();
    await Promise.all(Array.from({ length: 500 }, (_, n) => journal.append([accepted(n + 1)])));
    await journal.close();
    const lines = readFileSync(file(), 'utf8').trimEnd().split('\n');
    expect(lines.length).toBeLessThan(50);
    const again = await openJournal();
    expect(again.state.runs.size).toBe(500);
    await again.close();
  });

  test('a write torn by a power cut at any byte loses only itself', async () => {
    const journal = await openJournal();
    await journal.append([accepted(1)]);
    const before = statSync(file()).size;
    await journal.append([accepted(2), accepted(3)]);
    await journal.close();
    const whole = readFileSync(file());
    for (let size = before; size < whole.length; size += 7) {
      writeFileSync(file(), whole);
      truncateSync(file(), size);
      const again = await openJournal();
      expect(known(again)).toEqual([run(1)]);
      expect(again.damage).toBeUndefined();
      await again.close();
    }
    // Blocks that were allocated and not yet written read as zeros.
    writeFileSync(file(), Buffer.concat([whole.subarray(0, before), Buffer.alloc(300)]));
    const again = await openJournal();
    expect(known(again)).toEqual([run(1)]);
    expect(again.damage).toBeUndefined();
    await again.append([accepted(4)]);
    await again.close();
    const last = await openJournal();
    expect(known(last)).toEqual([run(1), run(4)]);
    await last.close();
  });

  test('an unreadable line in the middle is told by number and the file is kept', async () => {
    const journal = await openJournal();
    for (const n of [1, 2, 3]) await journal.append([accepted(n)]);
    await journal.close();
    const damaged = readFileSync(file(), 'utf8').replace(`"run":"${run(2)}"`, `"run":"${run(9)}"`);
    writeFileSync(file(), damaged);
    const again = await openJournal();
    expect(known(again)).toEqual([run(1), run(3)]);
    expect(again.damage?.lines).toHaveLength(1);
    expect(readFileSync(again.damage?.copy ?? '', 'utf8')).toBe(damaged);
    await again.close();
  });

  test('a full disk: nothing is confirmed until it is written, and then everything is', async () => {
    let full = false;
    const troubles: (string | undefined)[] = [];
    const openFile = async (name: string, flags: string): Promise<FileHandle> => {
      const handle = await open(name, flags);
      const append = handle.appendFile.bind(handle);
      handle.appendFile = async (data, options) => {
        if (!full) return append(data, options);
        // A full disk takes a part of the line.
        await append(Buffer.from(data as Buffer).subarray(0, 10));
        throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      };
      return handle;
    };
    const journal = await openJournal({ openFile, onTrouble: (reason) => troubles.push(reason) });
    await journal.append([accepted(1)]);
    full = true;
    let confirmed = false;
    const appending = journal.append([accepted(2)]).then(() => (confirmed = true));
    while (troubles.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(troubles[0]).toContain('no space left on device');
    expect(confirmed).toBe(false);
    full = false;
    await appending;
    expect(troubles.at(-1)).toBeUndefined();
    await journal.append([accepted(3)]);
    await journal.close();
    const again = await openJournal();
    expect(known(again)).toEqual([run(1), run(2), run(3)]);
    expect(readdirSync(folder)).toEqual(['journal.jsonl']);
    await again.close();
  });

  test('the file is rewritten when most of it is out of date', async () => {
    const journal = await openJournal();
    const body = { outcome: 'Succeeded' as const, outputs: { text: 'x'.repeat(100_000) } };
    for (let n = 1; n <= 100; n++) {
      await journal.append([{ k: 'done', run: run(1), fence: { epoch: 1, n }, at: Date.now(), body }]);
    }
    expect(statSync(file()).size).toBeLessThan(9 * 1024 * 1024);
    await journal.close();
    const again = await openJournal();
    expect(again.state.runs.get(run(1))).toMatchObject({ fence: { n: 100 } });
    await again.close();
  });
});
