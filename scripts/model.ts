import { Violation } from './queue-model/checked-queue';
import { choicesFrom } from './queue-model/random';
import { World } from './queue-model/world';

/**
 * `npm run model -- --commands 1000000 [--seed 1]`: random histories of the run queues and bots against the naive reference.
 * Prints what it tried; the first violation ends it with status 1 and the seed that shows it again.
 */
const HISTORY = 400;

function option(name: string, standard: number): number {
  const at = process.argv.indexOf(`--${name}`);
  const given = at < 0 ? standard : Number(process.argv[at + 1]);
  if (!Number.isInteger(given) || given < 1) throw new Error(`--${name} takes a whole number from 1`);
  return given;
}

function main(): void {
  const wanted = option('commands', 1_000_000);
  const firstSeed = option('seed', 1);
  const started = performance.now();
  let commands = 0;
  let grants = 0;
  let seed = firstSeed;
  for (; commands < wanted; seed += 1) {
    const world = new World(choicesFrom(seed));
    try {
      for (let step = 0; step < HISTORY; step += 1) world.step();
      world.settle();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      console.error(`seed ${seed}, command ${world.commands}: ${error.message}`);
      process.exitCode = 1;
      return;
    }
    commands += world.commands;
    grants += world.queues.reduce((sum, queue) => sum + queue.state.lastN, 0);
  }
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  console.log(
    `${commands} commands in ${seed - firstSeed} histories, fences up to ${grants} in all, ${seconds} s: no violation`,
  );
}

main();
