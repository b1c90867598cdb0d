import type { LocalHost } from '../../../local/host/host';
import { until } from '../../local/host/support/until';

/** What whoever made the recordings did between two recorded requests. */
type Step = (host: LocalHost) => Promise<unknown>;

function start(name: string, instanceId: string, input: unknown = ''): Step {
  return (host) => host.engine.start({ name, instanceId, input: JSON.stringify(input) });
}

/** Starts and waits until the instance has begun to wait for something. */
function startWaiting(name: string, instanceId: string): Step {
  return async (host) => {
    await start(name, instanceId)(host);
    await reaches(instanceId, 'Running')(host);
  };
}

function raise(instanceId: string, event: string, input: unknown): Step {
  return (host) => host.engine.raiseEvent(instanceId, event, JSON.stringify(input));
}

function signal(name: string, key: string, operation: string, input?: unknown): Step {
  return (host) =>
    host.engine.signalEntity(name, key, operation, input === undefined ? undefined : JSON.stringify(input));
}

function reaches(instanceId: string, status: string): Step {
  return (host) => until(async () => (await host.engine.get(instanceId))?.runtimeStatus === status);
}

/** Waits for a custom status, given as JSON text. */
function says(instanceId: string, customStatus: string): Step {
  return (host) => until(async () => (await host.engine.get(instanceId))?.customStatus === customStatus);
}

function entityIs(name: string, key: string, state: string | undefined): Step {
  return (host) => until(async () => (await host.engine.readEntity(name, key))?.state === state);
}

/** Between the recordings in `http`: number of the recording that follows → steps. */
export const HTTP_STEPS: Record<number, Step[]> = {
  14: [startWaiting('waiter', 'wait-1')],
  20: [startWaiting('waiter', 'term-1')],
  22: [reaches('term-1', 'Terminated')],
  24: [startWaiting('waiter', 'susp-1')],
  26: [reaches('susp-1', 'Suspended')],
  31: [reaches('susp-1', 'Running')],
  32: [raise('susp-1', 'ping', 2)],
  33: [reaches('susp-1', 'Completed')],
  36: [start('failing', 'fail-1'), reaches('fail-1', 'Failed')],
  41: [start('throws', 'throw-1')],
  42: [start('fan', 'fan-1')],
  43: [start('can', 'can-1', 3)],
  44: [start('noreturn', 'nr-1')],
  45: [start('cancelTimer', 'ct-1')],
  46: [start('subfail', 'sf-1')],
  47: [start('entfail', 'ef-1')],
  48: [start('info', 'info-1')],
  49: [(host) => start('httpcall', 'http-1', `${host.url}/api/ping`)(host)],
  50: [start('longTimer', 'long-1')],
  51: [(host) => host.engine.terminate('long-1', 'x')],
  53: [reaches('dup-1', 'Running')],
  59: [(host) => host.engine.terminate('dup-1', 'over'), reaches('dup-1', 'Terminated')],
  65: [reaches('info-1', 'Completed')],
  71: [
    entityIs('counter', 'k1', '7'),
    signal('bag', 'b1', 'slow'),
    ...[1, 2, 3, 4, 5].map((i) => signal('bag', 'b1', 'put', { i })),
    entityIs('bag', 'b1', '{"items":[{"i":1},{"i":2},{"i":3},{"i":4},{"i":5}]}'),
    entityIs('bag', 'b2', '{"items":["plain"]}'),
  ],
  78: [signal('bag', 'b1', 'delete'), entityIs('bag', 'b1', undefined)],
  106: [startWaiting('waiter', 'js-1')],
  108: [reaches('js-1', 'Suspended')],
  109: [reaches('js-1', 'Running')],
  110: [reaches('js-1', 'Terminated')],
  112: [startWaiting('waiter', 'run-1')],
};

/** Between the recordings in `sdk-http`. */
export const SDK_STEPS: Record<number, Step[]> = {
  27: [
    says('main-1', '{"stage":"waiting"}'),
    raise('main-1', 'go', { x: 1, s: 'é' }),
    reaches('main-1', 'Completed'),
  ],
  30: [start('nosuch', '644bdd0cafb547e99456553c92d026ac', { a: 1 }), reaches('sf-1', 'Completed')],
  32: [signal('counter', 'k1', 'add', 7), entityIs('counter', 'k1', '7')],
  43: [reaches('js-1', 'Running')],
  44: [reaches('js-1', 'Suspended')],
  46: [reaches('js-1', 'Running')],
  48: [reaches('ct-1', 'Completed')],
};
