import type { DurableOrchestrationStatus } from 'durable-functions';
import type { Orchestrations } from '../../../functions/http';
import type { DurableEngine } from '../../../local/durable/engine-api';

/** The Durable client over the local engine itself, answering as the SDK's does over HTTP. */
export function engineClient(engine: DurableEngine): Orchestrations {
  return {
    startNew: async (name, { instanceId, input } = {}) => {
      const started = await engine.start({ name, instanceId, input: JSON.stringify(input) });
      if (!started.ok) throw new Error('An instance of this id goes on.');
      return started.instanceId;
    },
    getStatus: async (instanceId) => {
      const found = await engine.get(instanceId);
      if (!found) throw new Error('Durable Functions extension replied with HTTP 404 response.');
      return {
        name: found.name,
        instanceId,
        createdTime: new Date(found.createdMs),
        lastUpdatedTime: new Date(found.lastUpdatedMs),
        runtimeStatus: found.runtimeStatus as DurableOrchestrationStatus['runtimeStatus'],
        input: parse(found.input),
        output: parse(found.output),
        customStatus: parse(found.customStatus),
      };
    },
    raiseEvent: async (instanceId, name, data) => {
      await engine.raiseEvent(instanceId, name, JSON.stringify(data));
    },
    readEntityState: async <T>(id: { name: string; key: string }) => {
      const entity = await engine.readEntity(id.name, id.key);
      if (entity?.state === undefined) return { entityExists: false };
      return { entityExists: true, entityState: parse(entity.state) as T };
    },
  };
}

function parse(text: string | undefined): unknown {
  return text === undefined ? null : JSON.parse(text);
}
