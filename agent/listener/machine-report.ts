import os from 'node:os';
import type { MachineReport } from '../../contracts/agent-protocol';
import type { Runner } from '../runner/runner';
import type { SessionPort } from '../session/session';
import { AGENT_VERSION } from '../version';

/** What the agent tells of its machine. @throws AgentError UnsupportedOs. */
export async function machineReport(
  session: SessionPort,
  runner: Pick<Runner, 'kinds'>,
): Promise<MachineReport> {
  const [sessions, runners] = await Promise.all([session.report(), runner.kinds()]);
  return { hostname: os.hostname(), ...sessions, agentVersion: AGENT_VERSION, runners };
}
