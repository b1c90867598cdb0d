/** Asks again, some milliseconds apart, until the answer is truthy. @throws at the deadline, with `what` and what `evidence` says */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  options: { withinMs?: number; evidence?: () => string } = {},
): Promise<NonNullable<T>> {
  const { withinMs = 60_000, evidence } = options;
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`Waited ${withinMs} ms for: ${what}\n${evidence?.() ?? ''}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
