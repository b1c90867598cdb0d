import type { InvocationContext, Timer } from '@azure/functions';
import type { Ports } from '../../adapters/ports';

const DAY_MS = 86_400_000;

/** Rows that one pass looks at, of claims and of trigger history each. */
const ROWS_A_PASS = 500;

type Kept = Pick<Ports, 'claims' | 'flows' | 'triggerHistory' | 'settings' | 'now'>;

/**
 * Every minute: removes claims and trigger history that are past their days. A pass looks at one page of one flow, and the next goes on from there;
 * where it stands is forgotten with the process, and the round begins anew. What is left of a deleted flow goes when it has neither.
 */
export function keepHouse(ports: Kept): (timer: Timer, context: InvocationContext) => Promise<void> {
  let round: { flow: string; deleted: boolean }[] = [];
  let after: string | undefined;

  return async () => {
    if (round.length === 0) round = await allFlows();
    const [current] = round;
    if (!current) return;
    const { flow, deleted } = current;
    const nowMs = ports.now();
    const claimsBefore = nowMs - ports.settings.claimDays * DAY_MS;
    const historyBefore = nowMs - ports.settings.triggerHistoryDays * DAY_MS;
    after = await ports.claims.prune(flow, { beforeMs: claimsBefore, top: ROWS_A_PASS, after });
    if (after !== undefined) return;
    if ((await ports.triggerHistory.prune(flow, historyBefore, ROWS_A_PASS)) === ROWS_A_PASS) return;
    if (deleted && (await isEmpty(flow))) await ports.flows.forget(flow);
    round.shift();
  };

  async function allFlows(): Promise<{ flow: string; deleted: boolean }[]> {
    const [current, deleted] = await Promise.all([ports.flows.list(), ports.flows.deleted()]);
    return [
      ...current.map(({ name }) => ({ flow: name, deleted: false })),
      ...deleted.map((flow) => ({ flow, deleted: true })),
    ];
  }

  async function isEmpty(flow: string): Promise<boolean> {
    const { entries } = await ports.triggerHistory.list(flow, { top: 1 });
    return entries.length === 0 && (await ports.claims.isEmpty(flow));
  }
}
