import { groupBy } from '../../domain/group-by';

test('values are grouped by key, keys and values in the order in which they come', () => {
  const groups = groupBy(['b1', 'a1', 'b2', 'c1', 'a2'], (word) => word.slice(0, 1));
  expect([...groups]).toEqual([
    ['b', ['b1', 'b2']],
    ['a', ['a1', 'a2']],
    ['c', ['c1']],
  ]);
  expect([...groupBy([], String)]).toEqual([]);
});
