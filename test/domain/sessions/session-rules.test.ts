import { errorCatalogue } from '../../../contracts/errors';
import type { SessionFacts, SessionQuestion } from '../../../domain/sessions/decide-session';
import { decideSession } from '../../../domain/sessions/decide-session';
import { sessionPlan } from '../../../domain/sessions/session-plan';
import type { OwnSession } from '../../../domain/sessions/session-tables';
import { parallelRuns } from '../../../domain/sessions/session-tables';

const systems = ['windows10', 'windows11', 'server2016', 'server2019', 'server2022', 'linux'] as const;
const owns = ['none', 'active', 'locked', 'disconnected'] as const;
const modes = ['attended', 'unattended'] as const;

const C4 = 'Win10AlreadyHasActiveSession';
const C5 = 'SessionExistsForTheUserWhenUnattended';
const notSignedIn = 'AttendedUserNotLoggedIn';
const notActive = 'AttendedUserSessionNotActive';

/** Own session: none, active, locked, disconnected; each alone on the machine and beside somebody else's session. */
const expected: Record<string, [alone: string, beside: string][]> = {
  'client attended': [
    [notSignedIn, notSignedIn],
    ['attach', 'attach'],
    [notActive, notActive],
    [notActive, notActive],
  ],
  'client unattended': [
    ['create', C4],
    [C4, C4],
    [C4, C4],
    [C4, C4],
  ],
  'client unattended reuse': [
    ['create', C4],
    [C4, C4],
    ['reuse', C4],
    ['reuse', C4],
  ],
  'server attended': [
    [notSignedIn, notSignedIn],
    ['attach', 'attach'],
    [notActive, notActive],
    [notActive, notActive],
  ],
  'server unattended': [
    ['create', 'create'],
    [C5, C5],
    [C5, C5],
    [C5, C5],
  ],
  'server unattended reuse': [
    ['create', 'create'],
    [C5, C5],
    ['reuse', 'reuse'],
    ['reuse', 'reuse'],
  ],
  'linux attended': [
    [notSignedIn, notSignedIn],
    ['attach', 'attach'],
    [notActive, notActive],
    [notActive, notActive],
  ],
  'linux unattended': [
    ['create', 'create'],
    ['create', 'create'],
    ['create', 'create'],
    ['create', 'create'],
  ],
  'linux unattended reuse': [
    ['create', 'create'],
    ['create', 'create'],
    ['reuse', 'reuse'],
    ['create', 'create'],
  ],
};

interface Cell {
  os: (typeof systems)[number];
  mode: (typeof modes)[number];
  reuse: boolean;
  own: OwnSession;
  others: boolean;
  multiple: boolean;
}

const cells: Cell[] = systems.flatMap((os) =>
  modes.flatMap((mode) =>
    [false, true].flatMap((reuse) =>
      owns.flatMap((own) =>
        [false, true].flatMap((others) =>
          [false, true].map((multiple) => ({ os, mode, reuse, own, others, multiple })),
        ),
      ),
    ),
  ),
);

function facts(cell: Pick<Cell, 'os' | 'own' | 'others' | 'multiple'>): SessionFacts {
  const { own, others } = cell;
  return {
    os: cell.os,
    maxSessions: 9,
    rds: true,
    multipleSessionsPerUser: cell.multiple,
    sessions: [
      ...(own === 'none' ? [] : [{ userKey: 'ann', state: own }]),
      ...(others ? [{ userKey: 'bob', state: 'active' as const }] : []),
    ],
  };
}

function ask(cell: Cell, extra: Partial<SessionQuestion> = {}): string {
  const { mode, reuse } = cell;
  const decision = decideSession({
    facts: facts(cell),
    mode,
    reuse,
    userKey: 'ann',
    runningUsers: [],
    ...extra,
  });
  if (decision.kind === 'refuse') return decision.code;
  return decision.kind === 'wait' ? `wait ${decision.reason}` : decision.kind;
}

function expectedOf({ os, mode, reuse, own, others, multiple }: Cell): string | undefined {
  const family = os === 'linux' ? 'linux' : os.startsWith('server') ? 'server' : 'client';
  if (mode === 'unattended' && reuse && multiple && family !== 'linux') return 'SessionReuseNotPossible';
  const row =
    expected[`${family} ${mode}${mode === 'unattended' && reuse ? ' reuse' : ''}`]?.[owns.indexOf(own)];
  return row?.[others ? 1 : 0];
}

describe('session rules', () => {
  test('C4 C5 C9 D1 D2 D3 D5 E1: the table is total and says what its rows say', () => {
    expect(cells).toHaveLength(6 * 2 * 2 * 4 * 2 * 2);
    for (const cell of cells)
      expect({ ...cell, says: ask(cell) }).toEqual({ ...cell, says: expectedOf(cell) });
  });

  test('D6: the plan that goes to the agent has every case of the table', () => {
    for (const cell of cells) {
      const { os, mode, reuse, own, others, multiple } = cell;
      const plan = sessionPlan({ mode }, { os, reuse, multipleSessionsPerUser: multiple });
      expect(plan.cases[own][others ? 1 : 0]).toBe(ask(cell));
    }
  });

  test('D1 D2: a new session is signed off at the end, a reused one locked, a person’s left', () => {
    const terms = { os: 'windows11', reuse: false, multipleSessionsPerUser: false } as const;
    expect(sessionPlan({ mode: 'unattended' }, terms).atEnd).toBe('signOff');
    expect(sessionPlan({ mode: 'unattended' }, { ...terms, reuse: true }).atEnd).toBe('lock');
    expect(sessionPlan({ mode: 'attended' }, { ...terms, reuse: true }).atEnd).toBe('leave');
    expect(sessionPlan({ mode: 'unattended' }, { ...terms, os: 'linux', reuse: true }).atEnd).toBe('lock');
  });

  test('C4 C5: the exact messages', () => {
    expect(errorCatalogue[C4].message).toBe(
      'Cannot execute desktop flow. There is a locked or an inactive Windows user session on the target device.',
    );
    expect(errorCatalogue[C5].message).toBe(
      'Cannot execute desktop flow. There is a locked or inactive Windows user session on the target device.',
    );
  });

  test.each([
    ['windows10', false, 5, 1],
    ['windows11', true, 5, 1],
    ['server2016', false, 5, 2],
    ['server2022', false, 1, 1],
    ['server2019', true, 5, 5],
    ['linux', false, 3, 3],
  ] as const)('F1 G1 G2: %s with RDS %s and %i sessions runs %i at once', (os, rds, maxSessions, slots) => {
    expect(parallelRuns({ os, rds, maxSessions })).toBe(slots);
  });

  const server: Cell = {
    os: 'server2022',
    mode: 'unattended',
    reuse: false,
    own: 'none',
    others: false,
    multiple: false,
  };

  test('G3: a user whose run is on the machine waits; another user does not', () => {
    expect(ask(server, { runningUsers: ['ann'] })).toBe('wait user');
    expect(ask(server, { runningUsers: ['bob'] })).toBe('create');
  });

  test('G2 G4: all sessions count, people’s and those that running runs have yet to create', () => {
    const twoSlots = { ...facts(server), rds: false };
    const person = { userKey: 'eve', state: 'disconnected' as const };
    expect(ask(server, { facts: { ...twoSlots, sessions: [person] } })).toBe('create');
    expect(ask(server, { facts: { ...twoSlots, sessions: [person] }, runningUsers: ['bob'] })).toBe(
      'wait session',
    );
    expect(ask(server, { facts: twoSlots, runningUsers: ['bob', 'eve'] })).toBe('wait slot');
    const full = [person, { userKey: 'bob', state: 'active' as const }];
    expect(ask(server, { facts: { ...twoSlots, sessions: full } })).toBe('wait session');
  });

  test('G2: a run that reuses or joins a session needs none of the places', () => {
    const sessions = [
      { userKey: 'ann', state: 'locked' as const },
      { userKey: 'bob', state: 'active' as const },
    ];
    const full = { ...facts(server), rds: false, sessions };
    expect(ask({ ...server, reuse: true }, { facts: full })).toBe('reuse');
    const active = {
      ...full,
      sessions: [{ userKey: 'ann', state: 'active' as const }, ...sessions.slice(1)],
    };
    expect(ask({ ...server, mode: 'attended' }, { facts: active })).toBe('attach');
  });

  test('E1: a session is its user’s under each name that the machine knows the user by, and under no other', () => {
    const session = { userKey: 'ada', aliases: ['.\\ada', 'desk\\ada'], state: 'active' } as const;
    const ask = (userKey: string) =>
      decideSession({
        facts: {
          os: 'linux',
          maxSessions: 1,
          rds: false,
          multipleSessionsPerUser: false,
          sessions: [session],
        },
        mode: 'attended',
        userKey,
        reuse: false,
        runningUsers: [],
      });
    for (const name of ['ada', '.\\ada', 'desk\\ada']) expect(ask(name)).toEqual({ kind: 'attach' });
    for (const name of ['elsewhere\\ada', 'ada@elsewhere'])
      expect(ask(name)).toEqual({ kind: 'refuse', code: 'AttendedUserNotLoggedIn' });
  });

  test('C5 E1: of several sessions of a user the most alive one counts', () => {
    const sessions = ['disconnected', 'active', 'locked'] as const;
    const several = { ...facts(server), sessions: sessions.map((state) => ({ userKey: 'ann', state })) };
    expect(ask({ ...server, mode: 'attended' }, { facts: several })).toBe('attach');
  });
});
