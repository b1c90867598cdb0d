import type { Priority } from '../../contracts/runs';
import type { EntryClass } from './state';

/** A class as stored: priority, mode and wish as numbers; userKey, flow, pinned, requestedBy, runner as places in the texts (-1: absent). */
export type ClassRow = [
  priority: number,
  unattended: 0 | 1,
  waits: 0 | 1,
  userKey: number,
  flow: number,
  pinned: number,
  requestedBy: number,
  runner: number,
];

const priorities: readonly Priority[] = ['high', 'normal', 'low'];

/** Gathers the classes of the entries being stored. Entries share class objects, so identity finds most of them. */
export class ClassTable {
  readonly rows: ClassRow[] = [];
  readonly texts: string[] = [];
  readonly #known = new Map<EntryClass, number>();
  readonly #places = new Map<string, number>();

  /** The place of the class in `rows`. */
  add(cls: EntryClass): number {
    const known = this.#known.get(cls);
    if (known !== undefined) return known;
    this.rows.push([
      priorities.indexOf(cls.priority),
      cls.mode === 'unattended' ? 1 : 0,
      cls.whenSessionBlocked === 'wait' ? 1 : 0,
      this.#text(cls.userKey),
      this.#text(cls.flow),
      this.#text(cls.pinned),
      this.#text(cls.requestedBy),
      this.#text(cls.runner),
    ]);
    this.#known.set(cls, this.rows.length - 1);
    return this.rows.length - 1;
  }

  #text(text: string | undefined): number {
    if (text === undefined) return -1;
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    this.texts.push(text);
    this.#places.set(text, this.texts.length - 1);
    return this.texts.length - 1;
  }
}

export function readClasses(rows: readonly ClassRow[], texts: readonly string[]): EntryClass[] {
  return rows.map(([priority, unattended, waits, userKey, flow, pinned, requestedBy, runner]) => ({
    priority: priorities[priority] ?? 'normal',
    mode: unattended === 1 ? 'unattended' : 'attended',
    whenSessionBlocked: waits === 1 ? 'wait' : 'fail',
    userKey: texts[userKey] ?? '',
    flow: texts[flow] ?? '',
    pinned: texts[pinned],
    requestedBy: texts[requestedBy],
    runner: texts[runner] ?? '',
  }));
}
