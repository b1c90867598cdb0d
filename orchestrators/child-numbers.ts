import type { FlowActions } from '../contracts/flow-definition/control-actions';
import { everyAction } from '../domain/flows/action-tree';
import type { LoopValue } from '../domain/expressions/scope';

/**
 * Numbers of the children of one orchestration, by what they walk and not by when they start: a host that was killed may have started one
 * already, in an episode that it forgot, and after that the branches may come in another order (docs/adr/0010-the-word-about-a-grant.md).
 */
export class ChildNumbers {
  private readonly runs: Places;
  private readonly parts: Places;
  private readonly segments: Places;

  /** @param firstRound where `actions` are walked in rounds: number of the first one. */
  constructor(
    actions: FlowActions,
    private readonly firstRound?: number,
  ) {
    const all = everyAction(actions);
    const names = (wanted: (type: string) => boolean): Places =>
      new Map(all.filter(({ action }) => wanted(action.type)).map(({ name }, index) => [name, index]));
    this.runs = names((type) => type === 'DesktopFlow');
    this.parts = names((type) => WITH_PARTS.has(type));
    this.segments = names(() => true);
  }

  /** Of the desktop-flow run of an action. */
  run(name: string, loops: readonly LoopValue[]): number {
    return this.number(this.runs, name, loops);
  }

  /** Of what walks the inside, the rounds or the tries of an action. */
  part(name: string, loops: readonly LoopValue[]): number {
    return this.number(this.parts, name, loops);
  }

  /** Of the segment that begins with an action; a block with segments has no other children. */
  segment(first: string, loops: readonly LoopValue[]): number {
    return this.number(this.segments, first, loops);
  }

  private number(places: Places, name: string, loops: readonly LoopValue[]): number {
    const place = places.get(name);
    if (place === undefined) throw new Error(`the action ${name} is not walked here`);
    const round = this.firstRound === undefined ? 0 : (loops.at(-1)?.index ?? 0) - this.firstRound;
    return round * places.size + place + 1;
  }
}

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
