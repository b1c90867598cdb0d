/** Where the demo shows itself: a terminal is redrawn, anything else gets lines. */
export interface Screen {
  /** One event, told once. */
  event(line: string): void;
  /** The board as it is now. */
  draw(lines: readonly string[]): void;
  /** What stays below the board. */
  print(text: string): void;
}

type Output = Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>;

/** Plain output shows the whole board so often only (draws). */
const PLAIN_EVERY = 10;

export function fleetScreen(output: Output): Screen {
  const print = (text: string): void => void output.write(`${text}\n`);
  if (!output.isTTY) {
    let draws = 0;
    return {
      print,
      event: print,
      draw: (lines) => {
        // The events have been printed.
        if (draws++ % PLAIN_EVERY === 0) print(`\n${lines.slice(0, lines.lastIndexOf('')).join('\n')}\n`);
      },
    };
  }
  let height = 0;
  return {
    print,
    event: () => undefined,
    draw: (lines) => {
      const up = height > 0 ? `\u001B[${height}A` : '';
      // Some terminals do not know their width.
      const width = output.columns > 1 ? output.columns - 1 : 100;
      const cut = lines.map((line) => line.slice(0, width));
      // Up to where the last one began, and everything below is erased.
      output.write(`${up}\u001B[J${cut.join('\n')}\n`);
      height = cut.length;
    },
  };
}
