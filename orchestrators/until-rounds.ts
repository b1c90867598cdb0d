import type { ErrorInfo } from '../contracts/errors';
import { evaluate } from '../domain/expressions/evaluate';
import { decide } from '../domain/flows/conditions';
import { isTimeUp, type UntilEnd, type UntilRule } from '../domain/flows/until';
import { mistakeIn } from './mistakes';
import type { Frame, Walk } from './walk';

/** How far an `Until` is: asks its expression after each round, and tells when no further one begins. */
export class UntilRounds {
  readonly end: UntilEnd = {};

  constructor(
    private readonly walk: Walk,
    private readonly name: string,
    private readonly rule: UntilRule,
  ) {}

  /** @param round the number of the one that would be next. */
  isOver(round: number): boolean {
    // What a round that still goes on finds to be true is set over this.
    if (isTimeUp(this.rule, round, this.walk.nowMs)) this.end.because ??= 'timeout';
    return this.end.because !== undefined;
  }

  /** A round has ended: its actions are what the expression reads. */
  ask(frame: Frame, last: NonNullable<UntilEnd['last']>): void {
    this.end.last = last;
    try {
      const scope = this.walk.scope({ frame }, this.name);
      if (decide(evaluate(this.rule.expression, scope))) this.end.because = 'true';
    } catch (error) {
      this.breakOff(mistakeIn(this.walk, this.name, error));
    }
  }

  /** A child has walked some of the rounds. */
  take(end: UntilEnd = {}): void {
    Object.assign(this.end, end);
  }

  breakOff(mistake: ErrorInfo): void {
    this.end.because = 'mistake';
    this.end.mistake = mistake;
  }
}
