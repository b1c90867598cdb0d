import fc from 'fast-check';
import { Deadlines } from '../../../local/broker/deadlines';
import { VirtualClock } from '../../../local/clock';

test('every key is called at its time, in order, also those added meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(1_000), { maxLength: 200 }), async (times) => {
      const clock = new VirtualClock(0);
      const fired: [number, number][] = [];
      const deadlines = new Deadlines<number>(
        clock,
        (keys) => {
          for (const key of keys) {
            fired.push([key, clock.now()]);
            if (key < 500) deadlines.add(key + 500, key + 500);
          }
        },
        () => true,
      );
      for (const time of times) deadlines.add(time, time);
      await clock.advanceTo(2_000, () => Promise.resolve());
      const expected = [...times, ...times.filter((time) => time < 500).map((time) => time + 500)];
      expect(fired).toEqual(expected.sort((a, b) => a - b).map((time) => [time, time]));
    }),
    { numRuns: 50 },
  );
});

test('keys that no longer matter are thrown away before they pile up', () => {
  const clock = new VirtualClock(0);
  let asked = 0;
  const deadlines = new Deadlines<number>(
    clock,
    () => undefined,
    () => {
      asked++;
      return false;
    },
  );
  for (let i = 0; i < 10_000; i++) deadlines.add(i, i);
  expect(asked).toBeGreaterThan(8_000);
});
