import type { InvocationContext, Timer } from '@azure/functions';
import type { Instances } from '../../adapters/instances';
import { isPending } from '../../domain/processes/state';
import { settleCase, type CasePorts } from './settle-case';

/** Every 20 s: cases that wait for flows go on, and what a crash left unstarted is started (row A4). */
export function watchCases(
  ports: CasePorts,
  instancesOf: (context: InvocationContext) => Instances,
): (timer: Timer, context: InvocationContext) => Promise<void> {
  return async (_timer, context) => {
    const instances = instancesOf(context);
    for (const of of await ports.processes.pendingCases()) {
      try {
        const settled = await settleCase(ports, instances, of);
        if (!settled || !isPending(settled.value)) await ports.processes.settled(of);
      } catch (cause) {
        context.warn(`The case ${of.process}/${of.id} is looked after later: ${String(cause)}`);
      }
    }
  };
}
