import fc from 'fast-check';
import type { Choices } from '../../../scripts/queue-model/random';
import { choicesFrom } from '../../../scripts/queue-model/random';
import { World } from '../../../scripts/queue-model/world';

/**
 * Random histories of two queues, three machines and the bots against a naive reference (scripts/queue-model). After every
 * command: order kept among runs that could start (F1, F3, F5, F6, F9), no run lost or granted twice (F8, L4), never two runs
 * of a user on a machine (G3), never over capacity (F1, G1, G2) or bots (H1), no machine held for want of a bot, fences only
 * grow (also over moves and registrations), closed machines get nothing (L10, H2), nothing waits beside a free machine (F9),
 * stored and read again the state is the same, the state given is not changed.
 */
test('F1 F3 F5 F6 F8 F9 G3 H1 L4 L10: no random history breaks a rule of the queue', () => {
  const steps = fc.array(fc.nat({ max: 1_000_000 }), { minLength: 50, maxLength: 900, size: 'max' });
  fc.assert(
    fc.property(steps, (numbers) => {
      const source = new Numbers(numbers);
      const world = new World(source);
      while (!source.used) world.step();
      world.settle();
    }),
    { numRuns: 100, seed: 20_261_122 },
  );
});

test('F1 F9 H1 L4: long histories hold as well', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const world = new World(choicesFrom(seed));
    for (let step = 0; step < 400; step += 1) world.step();
    world.settle();
  }
});

/** Choices out of a list, so that a failing history can be made shorter by leaving numbers out. */
class Numbers implements Choices {
  #next = 0;

  constructor(private readonly numbers: readonly number[]) {}

  get used(): boolean {
    return this.#next >= this.numbers.length;
  }

  below(limit: number): number {
    const number = this.numbers[this.#next] ?? 0;
    this.#next += 1;
    return number % limit;
  }
}
