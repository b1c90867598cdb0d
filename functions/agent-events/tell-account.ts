import { Cache } from '../../adapters/cache';
import type { Instances } from '../../adapters/instances';
import type { Ports } from '../../adapters/ports';
import type { Speaker } from '../../adapters/run-speakers';
import { signalQueue } from '../queues/signal-queue';
import type { VerifiedEvent } from './verify-event';

type OfferAnswer = Extract<VerifiedEvent, { kind: 'accepted' | 'refused' }>;

/**
 * Row E1: an agent says with its answer to an offer whom the run's user key names on its machine; the queue is told once, so that one user
 * under two names is one to it from then on. A refusal tells it again: it may have forgotten.
 */
export function createAccountTeller({
  now,
}: Pick<Ports, 'now'>): (event: OfferAnswer, speaker: Speaker, instances: Instances) => Promise<void> {
  const told = new Cache<string>({ entries: 5_000 });
  return async ({ kind, body: { account }, envelope: { machine, epoch } }, { queue }, instances) => {
    if (!account) return;
    const { userKey, id } = account;
    const name = JSON.stringify([queue, machine, epoch, userKey]);
    if (kind === 'accepted' && told.get(name) === id) return;
    await signalQueue(instances, queue, { kind: 'account', machine, epoch, userKey, id }, now());
    told.set(name, id);
  };
}
