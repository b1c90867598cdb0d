import type { DurableOrchestrationContext } from 'durable-functions';

/**
 * Whether a run was started by this version of the orchestrations or a later one (`defaultVersion` in host.json). What a version brought stays behind
 * this question until no run of the version before is open.
 *
 * 2: the word about a grant is asked for before it is given back; children are numbered by what they walk (docs/adr/0010-the-word-about-a-grant.md).
 */
export function isOfVersion({ version }: Pick<DurableOrchestrationContext, 'version'>, least: 2): boolean {
  return Number(version) >= least;
}
