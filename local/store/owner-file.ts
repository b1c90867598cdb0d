import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Names the process that holds a store, for the message a second one prints. The lock itself is the operating system's
 * (SQLite's exclusive lock), so a file left by a killed process claims nothing.
 */
export function writeOwner(path: string): void {
  writeFileSync(`${path}.pid`, `${process.pid}\n`);
}

/** @returns the pid last written, or undefined when the file is missing or unreadable. */
export function readOwner(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(`${path}.pid`, 'utf8'), 10);
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

export function removeOwner(path: string): void {
  rmSync(`${path}.pid`, { force: true });
}
