import { z } from 'zod';

/*
 * Who may do what (row L8). docs/access.md tells it to people; domain/access holds the rules.
 */

/** From the one that may most to the one that may least. */
export const role = z.enum(['owner', 'operator', 'viewer', 'runner']);
export type Role = z.infer<typeof role>;

/** How a role is shown to people. */
export const roleTitles: Readonly<Record<Role, string>> = {
  owner: 'owner',
  operator: 'operator',
  viewer: 'viewer',
  runner: 'run-only',
};
