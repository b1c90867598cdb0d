import { ServiceBusClient } from '@azure/service-bus';
import { loadKeys, loadPorts, openDataDir } from '../../local/launcher/data-dir';
import { Product } from './support/product';

let product: Product;
beforeAll(async () => {
  product = await Product.start({
    env: {
      ATTENDANT_EVENT_TOPIC: 'shop',
      ATTENDANT_EVENT_SUBSCRIPTION: 'flows',
      ATTENDANT_EVENT_STORAGE_QUEUE: 'x',
    },
  });
});
afterAll(() => product?.stop());

test('A3: an event in a topic starts its flow once; what the local host cannot serve is said in its log', async () => {
  await product.ok('PUT', '/api/flows/on-order', {
    name: 'on-order',
    triggers: { order: { type: 'Event', inputs: { source: 'service-bus', types: ['order.created'] } } },
    actions: { Say: { type: 'Compose', inputs: "@triggerBody()?['data']?['n']" } },
    outputs: { n: "@outputs('Say')" },
  });
  const dir = openDataDir(product.dataDir);
  const endpoint = `Endpoint=sb://127.0.0.1:${loadPorts(dir)?.broker};UseDevelopmentEmulator=true`;
  const key = `SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=${loadKeys(dir).broker}`;
  const client = new ServiceBusClient(`${endpoint};${key}`);
  const event = { specversion: '1.0', id: '1', source: '/shop', type: 'order.created', data: { n: 7 } };
  await client.createSender('shop').sendMessages([{ body: event }, { body: event }]);
  await client.close();
  interface Entry {
    outcome: string;
    run: string;
  }
  const entries = await product.until('both messages to be taken', async () => {
    const { triggers } = await product.ok('GET', '/api/flows/on-order/triggers');
    return (triggers as Entry[]).length === 2 ? (triggers as Entry[]) : undefined;
  });
  expect(entries.map(({ outcome }) => outcome).sort()).toEqual(['fired', 'skipped']);
  const ended = await product.ended(entries[0]?.run ?? '');
  expect(ended).toMatchObject({ status: 'Succeeded', outputs: { n: 7 } });
  expect(product.output).toMatch(/receive-stored-events' function is in error.*queueTrigger/);
});
