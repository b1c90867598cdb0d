import { sharedRead } from '../../../functions/events/shared-read';

describe('A3: a read that a storm of events shares', () => {
  it('is made once for all who ask during another one, and is never older than the question', async () => {
    let stored = 'old';
    let reads = 0;
    const ends: (() => void)[] = [];
    const read = sharedRead(() => {
      reads += 1;
      const seen = stored;
      return new Promise<string>((resolve) => ends.push(() => resolve(seen)));
    });
    const first = read();
    stored = 'new';
    const others = Array.from({ length: 1_000 }, () => read());
    ends.shift()?.();
    expect(await first).toBe('old');
    await Promise.resolve();
    ends.shift()?.();
    expect(new Set(await Promise.all(others))).toEqual(new Set(['new']));
    expect(reads).toBe(2);
  });

  it('that fails is made anew', async () => {
    let reads = 0;
    const read = sharedRead(async () => {
      reads += 1;
      if (reads === 1) throw new Error('away');
      return reads;
    });
    const both = [read(), read()];
    expect(await Promise.allSettled(both)).toMatchObject([{ status: 'rejected' }, { value: 2 }]);
    expect(await read()).toBe(3);
  });
});
