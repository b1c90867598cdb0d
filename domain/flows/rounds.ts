import type { FlowActions } from '../../contracts/flow-definition/control-actions';
import { LARGEST_SEGMENT, weightOfBlock } from './segments';

/** Children of one loop orchestration. */
const MOST_RANGES = 20;

/** How many rounds of these actions one history has room for; at least one. */
export function roundsPerPart(actions: FlowActions): number {
  const weight = weightOfBlock(actions);
  // A round that is divided itself costs its children, and what they tell.
  const cost = weight <= LARGEST_SEGMENT ? Math.max(1, weight) : 4 * Math.ceil(weight / LARGEST_SEGMENT);
  return Math.max(1, Math.floor(LARGEST_SEGMENT / cost));
}

/** Ranges of rounds for at most twenty children; as many as fit into one history each, or evenly more. */
export function splitRounds({
  first,
  count,
  perPart,
}: {
  first: number;
  count: number;
  perPart: number;
}): { first: number; count: number }[] {
  const size = Math.max(perPart, Math.ceil(count / MOST_RANGES));
  return Array.from({ length: Math.ceil(count / size) }, (_, index) => ({
    first: first + index * size,
    count: Math.min(size, count - index * size),
  }));
}

/** One degree for each child that goes on at the same time; together they are the whole degree. */
export function shareDegree(degree: number, children: number): number[] {
  const parallel = Math.min(degree, children);
  return Array.from(
    { length: parallel },
    (_, index) => Math.floor(degree / parallel) + (index < degree % parallel ? 1 : 0),
  );
}
