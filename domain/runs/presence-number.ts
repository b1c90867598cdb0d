/** Room for the sequence numbers of one registration; with it and 8,000 registrations the sum is still an exact integer. */
const PER_EPOCH = 2 ** 40;

/** One rising number for presence rows: the agent's sequence numbers begin again with every registration (epoch). */
export function presenceNumber(epoch: number, seq: number): number {
  return epoch * PER_EPOCH + seq;
}

export function readPresenceNumber(number: number): { epoch: number; seq: number } {
  const epoch = Math.floor(number / PER_EPOCH);
  return { epoch, seq: number - epoch * PER_EPOCH };
}
