/** Asks again, a few milliseconds apart, until the answer is truthy. @throws after ten seconds */
export async function until<T>(ask: () => T | Promise<T>): Promise<NonNullable<T>> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`Nothing came of waiting for: ${ask.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
