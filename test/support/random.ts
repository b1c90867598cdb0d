import type { AppRig } from './app-rig';
import { MINUTE, SECOND } from './runs';

/** Numbers from 0 to 1: for a seed the same every time. */
export function generator(seed: number): () => number {
  let state = (seed * 2_654_435_761) % 4_294_967_296;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

const AGAIN_MS = [SECOND, 90 * SECOND, 5 * MINUTE];

/** From now on each episode is forgotten with this probability; what it took comes again in a second to five minutes. */
export function forgetSometimes(rig: AppRig, random: () => number, probability: number): void {
  rig.forgets = () => (random() < probability ? AGAIN_MS[Math.floor(random() * AGAIN_MS.length)] : undefined);
}
