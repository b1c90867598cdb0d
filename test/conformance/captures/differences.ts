import type { Answer } from './exchange';

/** Where the local host answers otherwise than the recorded one, why, and what is compared all the same. */
interface Difference {
  because: string;
  compared: (answer: Answer) => unknown;
}

const keysOnly = (because: string): Difference => ({
  because,
  compared: (answer) => ({ ok: answer.status < 300, keys: Object.keys(JSON.parse(answer.body) as object) }),
});

const without = (because: string, ...keys: string[]): Difference => ({
  because,
  compared: ({ status, headers, body }) => ({
    status,
    headers,
    body: masked(JSON.parse(body), new Set(keys)),
  }),
});

const countOnly = (because: string): Difference => ({
  because,
  compared: ({ status, headers, body }) => ({
    status,
    headers,
    items: (JSON.parse(body) as unknown[]).length,
  }),
});

const EARLY = 'recorded while the instance was still Pending; here it may be further by then';
const PAGE = 'a page holds the first ids in order, and many ids are made up';

const HTTP: Record<number, Difference> = {
  2: keysOnly(EARLY),
  55: without('the recorded history keeps the spaces of the JSON text that was sent', 'Input'),
  81: countOnly(PAGE),
  82: countOnly(PAGE),
  83: countOnly(PAGE),
  84: countOnly(PAGE),
  86: countOnly(PAGE),
  123: without('identity of the recording machine', 'id'),
  124: {
    because:
      'paths of the recording machine; there is no /admin/vfs; the function `secure` was added for the recordings with keys',
    compared: ({ status, headers, body }) => ({
      status,
      headers,
      body: (JSON.parse(body) as { name: string }[])
        .filter((fn) => fn.name !== 'secure')
        .map((fn) => masked(fn, new Set(['script_href', 'test_data_href', 'functionDirectory']))),
    }),
  },
  125: {
    because: 'a start page of our own',
    compared: ({ status, headers }) => ({ status, headers }),
  },
};

const SDK: Record<number, Difference> = {
  17: keysOnly(EARLY),
  20: keysOnly(EARLY),
};

export const DIFFERENCES = { http: HTTP, sdk: SDK };

function masked(value: unknown, keys: Set<string>): unknown {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map((each) => masked(each, keys));
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).map(([key, each]) => [key, keys.has(key) ? '<masked>' : masked(each, keys)]);
}
