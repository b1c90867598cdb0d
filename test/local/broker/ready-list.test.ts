import fc from 'fast-check';
import { ReadyList } from '../../../local/broker/ready-list';

test('whatever is put back, the lowest number comes next', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constant('take'), fc.constant('new'), fc.nat(200)), { maxLength: 300 }),
      (ops) => {
        const list = new ReadyList();
        const held = new Set<number>();
        const lent: number[] = [];
        let next = 1;
        for (const op of ops) {
          if (op === 'new') {
            list.add(next);
            held.add(next++);
          } else if (op === 'take') {
            const taken = list.take();
            expect(taken).toBe(held.size === 0 ? undefined : Math.min(...held));
            if (taken === undefined) continue;
            held.delete(taken);
            lent.push(taken);
          } else {
            const [back] = lent.splice(Number(op) % Math.max(1, lent.length), 1);
            if (back === undefined) continue;
            list.add(back);
            held.add(back);
          }
          expect(list.size).toBe(held.size);
        }
      },
    ),
  );
});
