import { role as roles, type Role } from '../../contracts/access';

/** Whom a permission reaches: everything, only runs that the caller started, nothing. */
export type Reach = 'all' | 'own' | 'none';

/** What functions ask of their callers, and how far each role has it (row L8; docs/access.md has the same table in words). */
const grants = {
  /** See which flows there are and what they take. */
  lookUpFlows: { owner: 'all', operator: 'all', viewer: 'all', runner: 'all' },
  /** Start a flow, and give it files. */
  startFlows: { owner: 'all', operator: 'all', viewer: 'none', runner: 'all' },
  /** Ask for the list of runs; it shows as far as `seeRuns` reaches. */
  listRuns: { owner: 'all', operator: 'all', viewer: 'all', runner: 'all' },
  /** See one run with all that is its: log, artifacts, actions, values. */
  seeRuns: { owner: 'all', operator: 'all', viewer: 'all', runner: 'own' },
  /** Cancel or stop a run: whoever started it always may. */
  endRuns: { owner: 'all', operator: 'all', viewer: 'own', runner: 'own' },
  /** See everything else: machines, queues, connections, cases, subscriptions. */
  see: { owner: 'all', operator: 'all', viewer: 'all', runner: 'none' },
  /** Keep things going: runs of others, queues, machines that are there, cases, flows on and off. */
  operate: { owner: 'all', operator: 'all', viewer: 'none', runner: 'none' },
  /** Change what there is: definitions, connections, machines and groups, secrets; read the audit log. */
  administer: { owner: 'all', operator: 'none', viewer: 'none', runner: 'none' },
} as const satisfies Record<string, Record<Role, Reach>>;

export type Permission = keyof typeof grants;

/** Whose the run is that a request names: the caller's, another's, or none that is known. */
export type RunOf = 'caller' | 'another' | 'nobody';

/** `hidden`: to this caller the run is not there. `refused`: `roles` are those that may, whatever the run. */
export type Judgement = { kind: 'allowed' } | { kind: 'hidden' } | { kind: 'refused'; roles: Role[] };

export function reachOf(role: Role, permission: Permission): Reach {
  return grants[permission][role];
}

/** Whether a caller of this role may do it (row L8). What is said of the run counts only where the role reaches no further than own runs. */
export function mayDo(role: Role, permission: Permission, run: RunOf = 'nobody'): Judgement {
  const reach = reachOf(role, permission);
  if (reach === 'all' || (reach === 'own' && run === 'caller')) return { kind: 'allowed' };
  if (reach === 'own' && (run === 'nobody' || reachOf(role, 'seeRuns') !== 'all')) return { kind: 'hidden' };
  return { kind: 'refused', roles: roles.options.filter((other) => reachOf(other, permission) === 'all') };
}
