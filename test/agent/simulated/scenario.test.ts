import { readScenario } from '../../../agent/simulate/scenario';

const wrong = (yaml: string): string => {
  try {
    readScenario(yaml);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'nothing is wrong';
};

test('durations are read as milliseconds, the rest has its usual values', () => {
  const { machines, timeline } = readScenario(`
machines: [{ name: desk, os: windows10, users: [{ name: bob }] }]
timeline:
  - { at: PT1M0.5S, machine: desk, do: signIn, user: BOB }
  - { at: P1D, machine: desk, do: reboot }`);
  expect(machines).toEqual([
    {
      name: 'desk',
      os: 'windows10',
      rds: false,
      maxSessions: 1,
      multipleSessionsPerUser: false,
      users: [{ name: 'bob', aliases: [], password: 'accepted' }],
      sessions: [],
      network: 'up',
      sessionCreation: 200,
    },
  ]);
  expect(timeline).toEqual([
    { at: 60_500, machine: 'desk', do: 'signIn', user: 'BOB' },
    { at: 86_400_000, machine: 'desk', do: 'reboot', takes: 2_000 },
  ]);
});

const desk = 'machines: [{ name: desk, os: windows10, users: [{ name: bob }] }]\n';

test.each([
  ['no machines', 'machines: []', /^machines: /],
  ['an unknown system', 'machines: [{ name: desk, os: windows7 }]', /^machines\[0\]\.os: .*windows10/],
  [
    'a name twice',
    'machines: [{ name: a, os: linux }, { name: a, os: linux }]',
    /^machines\[1\]\.name: a is there twice$/,
  ],
  [
    'a session of nobody',
    'machines: [{ name: a, os: linux, sessions: [{ user: x, state: active }] }]',
    /^machines\[0\]\.sessions\[0\]\.user: a has no user x$/,
  ],
  [
    'an unknown machine',
    `${desk}timeline: [{ at: PT1S, machine: dask, do: reboot }]`,
    /^timeline\[0\]\.machine: there is no machine dask$/,
  ],
  [
    'an unknown user',
    `${desk}timeline: [{ at: PT1S, machine: desk, do: lock, user: ann }]`,
    /^timeline\[0\]\.user: desk has no user ann$/,
  ],
  ['an unknown event', `${desk}timeline: [{ at: PT1S, machine: desk, do: explode }]`, /^timeline\[0\]\.do: /],
  [
    'a time that is none',
    `${desk}timeline: [{ at: 5s, machine: desk, do: reboot }]`,
    /^timeline\[0\]\.at: .*PT3H/,
  ],
  ['a misspelt field', 'machines: [{ name: desk, os: linux, rdp: true }]', /^machines\[0\]: .*rdp/],
  ['no YAML', 'machines: [', /^This is not YAML: .*line/],
  ['nothing', '', /^The file: /],
])('%s is named', (_what, yaml, message) => {
  expect(wrong(yaml)).toMatch(message);
});

test('all places are named at once', () => {
  const message = wrong('machines: [{ name: A B, os: dos }]');
  expect(message.split('\n').map((line) => line.split(':')[0])).toEqual([
    'machines[0].name',
    'machines[0].os',
  ]);
});
