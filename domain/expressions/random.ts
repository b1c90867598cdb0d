/**
 * Numbers that look random and are the same for the same text, so that an orchestration that is replayed meets them again.
 * Not for secrets.
 * @returns four integers from 0 to 2^32 - 1.
 */
export function wordsFrom(text: string): [number, number, number, number] {
  return [
    wordFrom(text, 0x9e3779b9),
    wordFrom(text, 0x85ebca6b),
    wordFrom(text, 0xc2b2ae35),
    wordFrom(text, 0x27d4eb2f),
  ];
}

/** MurmurHash3's steps (public domain) over the characters. */
function wordFrom(text: string, start: number): number {
  let hash = start;
  for (let index = 0; index < text.length; index++) {
    const piece = Math.imul(text.charCodeAt(index), 0xcc9e2d51);
    hash ^= Math.imul((piece << 15) | (piece >>> 17), 0x1b873593);
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  }
  hash = Math.imul(hash ^ text.length ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
