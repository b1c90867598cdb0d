import { role as roles, type Role } from '../../../contracts/access';
import { functionsOfPeople } from '../../../domain/access/functions-of-people';
import { mayDo, type Permission, type RunOf } from '../../../domain/access/permissions';
import { readRole, strongestRole } from '../../../domain/access/roles';

const allowed = { kind: 'allowed' };
const hidden = { kind: 'hidden' };
const refused = (...able: Role[]) => ({ kind: 'refused', roles: able });

describe('L8: what a role may do', () => {
  test.each<[Permission, RunOf, Record<Role, unknown>]>([
    ['lookUpFlows', 'nobody', { owner: allowed, operator: allowed, viewer: allowed, runner: allowed }],
    [
      'startFlows',
      'nobody',
      {
        owner: allowed,
        operator: allowed,
        viewer: refused('owner', 'operator', 'runner'),
        runner: allowed,
      },
    ],
    ['listRuns', 'nobody', { owner: allowed, operator: allowed, viewer: allowed, runner: allowed }],
    ['seeRuns', 'caller', { owner: allowed, operator: allowed, viewer: allowed, runner: allowed }],
    ['seeRuns', 'another', { owner: allowed, operator: allowed, viewer: allowed, runner: hidden }],
    ['seeRuns', 'nobody', { owner: allowed, operator: allowed, viewer: allowed, runner: hidden }],
    ['endRuns', 'caller', { owner: allowed, operator: allowed, viewer: allowed, runner: allowed }],
    [
      'endRuns',
      'another',
      { owner: allowed, operator: allowed, viewer: refused('owner', 'operator'), runner: hidden },
    ],
    ['endRuns', 'nobody', { owner: allowed, operator: allowed, viewer: hidden, runner: hidden }],
    [
      'see',
      'nobody',
      {
        owner: allowed,
        operator: allowed,
        viewer: allowed,
        runner: refused('owner', 'operator', 'viewer'),
      },
    ],
    [
      'operate',
      'caller',
      {
        owner: allowed,
        operator: allowed,
        viewer: refused('owner', 'operator'),
        runner: refused('owner', 'operator'),
      },
    ],
    [
      'administer',
      'nobody',
      {
        owner: allowed,
        operator: refused('owner'),
        viewer: refused('owner'),
        runner: refused('owner'),
      },
    ],
  ])('%s, of a run of: %s', (permission, run, expected) => {
    const judged = Object.fromEntries(roles.options.map((role) => [role, mayDo(role, permission, run)]));
    expect(judged).toEqual(expected);
  });

  test('what a function does is said where it changes something, and it asks no reader for more than seeing', () => {
    const rules = Object.entries<{ needs: Permission; does?: string }>(functionsOfPeople);
    for (const [name, { does, needs }] of rules) {
      const reads = /^(list|get|stream)-/.test(name);
      expect([name, does === undefined]).toEqual([name, reads]);
      if (reads && name !== 'list-audit') expect([name, mayDo('viewer', needs)]).toEqual([name, allowed]);
    }
  });
});

describe('L8: names of roles', () => {
  test.each([
    ['owner', 'owner'],
    ['OPERATOR', 'operator'],
    ['Attendant.Viewer', 'viewer'],
    ['attendant.runner', 'runner'],
    [' run-only ', 'runner'],
    ['admin', undefined],
    ['Attendant.', undefined],
    ['constructor', undefined],
    ['', undefined],
  ])('%j is %s', (text, role) => expect(readRole(text)).toBe(role));

  test.each([
    [['viewer', 'Attendant.Operator', 'else'], 'operator'],
    [['runner', 'viewer'], 'viewer'],
    [['runner', 'owner'], 'owner'],
    [['else'], undefined],
    [[], undefined],
  ])('of %j counts %s', (texts, role) => expect(strongestRole(texts)).toBe(role));
});
