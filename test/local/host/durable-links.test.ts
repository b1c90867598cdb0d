import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { durableClientInput, managementLinks } from '../../../local/host/durable-links';

const info = { hub: 'TestHubName', connection: 'Storage', key: 'SYSTEMKEY' };

test('the durableClient binding gets the very text that the real host gives', () => {
  const recorded = readFileSync(
    resolve(__dirname, '../../fixtures/captures/durable-client-input.txt'),
    'utf8',
  );
  const given = durableClientInput({
    origin: 'http://localhost:7171',
    rpcBaseUrl: 'http://127.0.0.1:17071/durabletask/',
    info,
    binding: { type: 'durableClient' },
  });
  expect(given).toBe(recorded);
});

test('ids in links are escaped as .NET does it', () => {
  const links = managementLinks({ origin: 'http://h', instanceId: "@a b~'c", info, rewind: false });
  expect(links['statusQueryGetUri']).toContain('/instances/%40a+b%7E%27c?');
});
