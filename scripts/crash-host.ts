import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startBroker } from '../local/broker/broker';
import { SystemClock } from '../local/clock';
import { createLocalHost } from '../local/host/host';
import { openStore } from '../local/store/store';
import { startTables } from '../local/tables/tables';

/**
 * What scripts/crash.ts kills: host, broker and tables on one file, with an app of their own. Ports are given after the
 * first start, so that everything is found where it was.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      app: { type: 'string', default: '' },
      data: { type: 'string', default: '' },
      key: { type: 'string', default: '' },
      ports: { type: 'string', default: '0,0,0' },
    },
  });
  const [http = 0, amqp = 0, table = 0] = values.ports.split(',').map(Number);
  const store = openStore(join(values.data, 'crash.db'));
  const broker = await startBroker({ store, port: amqp, rootKey: { name: 'root', key: values.key } });
  // Kills count as deliveries; here no message may be set aside for that.
  for (const queue of ['inbox', 'outbox']) await broker.createQueue(queue, { maxDeliveryCount: 100_000 });
  const tables = await startTables({ store, port: table, key: values.key });
  const host = await createLocalHost({
    root: values.app,
    store,
    clock: new SystemClock(),
    httpPort: http,
    settings: {
      AzureWebJobsStorage: tables.connectionString,
      ServiceBusConnection: broker.connectionString(),
    },
    inProcess: new Map([[new URL(tables.url).origin, (request) => tables.inProcess(request)]]),
    serviceBus: broker.inside,
    log: {
      debug: () => undefined,
      info: () => undefined,
      warn: (fields, message) => console.error('warn', message, JSON.stringify(fields)),
      error: (fields, message) => console.error('error', message, JSON.stringify(fields)),
    },
  });
  process.send?.({
    url: host.url,
    bus: broker.connectionString(),
    tables: tables.connectionString,
    ports: [Number(new URL(host.url).port), broker.port, tables.port],
  });
}

process.on('disconnect', () => process.exit(1));
main().catch((cause: unknown) => {
  console.error(cause);
  process.exit(1);
});
