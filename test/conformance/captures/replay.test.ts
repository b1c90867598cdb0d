import { resolve } from 'node:path';
import { SystemClock } from '../../../local/clock';
import { createLocalHost, type LocalHost } from '../../../local/host/host';
import { openStore, type Store } from '../../../local/store/store';
import { DIFFERENCES } from './differences';
import { type Answer, type Exchange, expectedAnswer, Ids, numberOf, recorded, replay } from './exchange';
import { HTTP_STEPS, SDK_STEPS } from './scenario';

/** Reading is repeated until the host is as far as the recorded one was, for so long at most. */
const READ_AGAIN_MS = 5_000;

const KEYS = { master: 'MASTERKEY', default: 'DEFAULTKEY', system: 'SYSTEMKEY' };

let store: Store;
let host: LocalHost;
let ids: Ids;

async function open(authEnabled: boolean): Promise<void> {
  store = openStore(':memory:');
  ids = new Ids();
  host = await createLocalHost({
    root: resolve(__dirname, '../../fixtures/captures-app'),
    store,
    clock: new SystemClock(),
    keys: KEYS,
    authEnabled,
  });
  ids.learn('http://localhost:7171', host.url);
}

async function close(): Promise<void> {
  await host.stop();
  await store.close();
}

function cases(folder: string): [string, Exchange][] {
  return recorded(folder).map((exchange) => [exchange.name, exchange]);
}

/** Sends one request (a read again and again) and compares what is to be compared. */
async function check(
  exchange: Exchange,
  options: {
    origin: string;
    headers?: Record<string, string>;
    compared?: ((answer: Answer) => unknown) | undefined;
  },
): Promise<void> {
  const { origin, headers = {}, compared = (answer: Answer): unknown => answer } = options;
  const expected = compared(expectedAnswer(exchange));
  const deadline = Date.now() + READ_AGAIN_MS;
  for (;;) {
    const answer = compared(await replay(exchange, { origin, ids, headers }));
    const same = JSON.stringify(answer) === JSON.stringify(expected);
    if (same || exchange.method !== 'GET' || Date.now() > deadline) {
      expect(answer).toEqual(expected);
      return;
    }
    await new Promise((again) => setTimeout(again, 20));
  }
}

describe('every recording of the real host, keys off', () => {
  beforeAll(() => open(false));
  afterAll(close);

  test.each(cases('http'))('%s', async (_, exchange) => {
    for (const step of HTTP_STEPS[numberOf(exchange)] ?? []) await step(host);
    const compared = DIFFERENCES.http[numberOf(exchange)]?.compared;
    await check(exchange, { origin: host.url, compared });
  });
});

describe('every recording of what the SDK sends to its endpoint', () => {
  beforeAll(() => open(false));
  afterAll(close);

  test.each(cases('sdk-http'))('%s', async (_, exchange) => {
    for (const step of SDK_STEPS[numberOf(exchange)] ?? []) await step(host);
    const compared = DIFFERENCES.sdk[numberOf(exchange)]?.compared;
    await check(exchange, { origin: host.rpcUrl.replace('/durabletask/', ''), compared });
  });
});

describe('every recording of the real host, keys on', () => {
  /** The recordings hide which key was sent; their names tell. */
  const keys: Record<number, Record<string, string>> = {
    5: { 'x-functions-key': KEYS.system },
    10: { 'x-functions-key': KEYS.master },
    11: { 'x-functions-key': KEYS.default },
    12: { 'x-functions-key': KEYS.master },
  };
  beforeAll(() => open(true));
  afterAll(close);

  test.each(cases('http-auth'))('%s', async (_, exchange) => {
    const number = numberOf(exchange);
    const early = number === 4 || number === 5 ? DIFFERENCES.http[2]?.compared : undefined;
    const compared = number === 12 ? DIFFERENCES.http[123]?.compared : early;
    const headers = keys[number];
    await check(exchange, { origin: host.url, compared, ...(headers && { headers }) });
  });
});
