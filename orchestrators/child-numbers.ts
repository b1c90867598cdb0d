import type { FlowActions } from '../contracts/flow-definition/control-actions';
import { everyAction } from '../domain/flows/action-tree';
import type { LoopValue } from '../domain/expressions/scope';

/**
 * Numbers of the children of one orchestration, by what they walk and not by when they start: a host that was killed may have started one
 * already, in an episode that it forgot, and after that the branches may come in another order (docs/adr/0010-the-word-about-a-grant.md).
 */
export class ChildNumbers {
  private readonly known = new Map<Kind, Places>();

  /** @param firstRound where `actions` are walked in rounds: number of the first one. */
  constructor(
    private readonly actions: FlowActions,
    private readonly firstRound?: number,
  ) {}

  /** Of the child that an action starts, or with which a segment begins. A block with segments has no other children. */
  of(kind: Kind, name: string, loops: readonly LoopValue[]): number {
    const places = this.placesOf(kind);
    const place = places.get(name);
    if (place === undefined) throw new Error(`the action ${name} is not walked here`);
    const round = this.firstRound === undefined ? 0 : (loops.at(-1)?.index ?? 0) - this.firstRound;
    return round * places.size + place + 1;
  }

  private placesOf(kind: Kind): Places {
    let places = this.known.get(kind);
    if (!places) {
      const numbered = everyAction(this.actions).filter(({ action }) => NUMBERED[kind](action.type));
      places = new Map(numbered.map(({ name }, index) => [name, index]));
      this.known.set(kind, places);
    }
    return places;
  }
}

/** A desktop-flow run; what walks the inside, the rounds or the tries of an action; a segment. */
type Kind = 'run' | 'part' | 'segment';

type Places = ReadonlyMap<string, number>;

const WITH_PARTS: ReadonlySet<string> = new Set([
  'DesktopFlow',
  'Http',
  'Foreach',
  'Until',
  'If',
  'Switch',
  'Scope',
]);

const NUMBERED: Record<Kind, (type: string) => boolean> = {
  run: (type) => type === 'DesktopFlow',
  part: (type) => WITH_PARTS.has(type),
  segment: () => true,
};
