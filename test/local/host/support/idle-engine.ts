import type { DurableEngine } from '../../../../local/durable/engine-api';

/** An engine that never has work, for tests of everything but Durable. */
export function idleEngine(overrides: Partial<DurableEngine> = {}): DurableEngine {
  const absent = async (): Promise<undefined> => undefined;
  const notFound = async (): Promise<'notFound'> => 'notFound';
  return {
    run: () => {},
    stop: absent,
    idle: absent,
    start: async () => ({ ok: true, instanceId: 'none' }),
    get: absent,
    query: async () => ({ items: [] }),
    raiseEvent: notFound,
    terminate: notFound,
    suspend: notFound,
    resume: notFound,
    rewind: notFound,
    restart: absent,
    purge: notFound,
    purgeWhere: async () => 0,
    signalEntity: absent,
    readEntity: absent,
    queryEntities: async () => ({ items: [] }),
    ...overrides,
  };
}
