/** What became of something that was asked for: `uncertain` when the answer never came. */
export type Fate = 'accepted' | 'uncertain';

export interface Instance {
  id: string;
  name: 'work' | 'loop';
  fate: Fate;
  /** Ids of events raised over HTTP. */
  events: Map<string, Fate>;
  /** Ids of events sent through the broker. */
  posted: Map<string, Fate>;
  /** No more events are raised: it was, or may have been, told to end. */
  ending: boolean;
  ended: boolean;
  /** Requests under way: what is accepted while an instance is told to end may come too late for it. */
  busy: number;
}

/** Everything the driver was told, against which the host is checked. */
export class Ledger {
  readonly instances = new Map<string, Instance>();
  readonly rows = new Map<string, Fate>();
  readonly signals = new Map<string, Fate>();
  /** Sequence numbers of messages whose completion was acknowledged. */
  readonly completed = new Set<string>();
  /** Instances whose message arrived in the outbox. */
  readonly heard = new Set<string>();
  readonly violations: string[] = [];
  /** Events seen by instances that have ended. */
  seen = 0;
  answered = 0;
  unanswered = 0;

  /** Instances that may still get events. */
  open(): Instance[] {
    return [...this.instances.values()].filter(
      ({ name, fate, ending }) => name === 'work' && fate === 'accepted' && !ending,
    );
  }

  unfinished(): Instance[] {
    return [...this.instances.values()].filter(({ ended }) => !ended);
  }

  violated(what: string): void {
    this.violations.push(what);
  }
}

/** Counts of a map of fates. */
export function count(fates: Map<string, Fate>): { accepted: number; all: number } {
  return {
    accepted: [...fates.values()].filter((fate) => fate === 'accepted').length,
    all: fates.size,
  };
}
