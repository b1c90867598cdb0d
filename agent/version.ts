/** Version of the agent, told to the control plane. */
export const AGENT_VERSION = '0.1.0';

/** Name of the one file that the package `attendant-agent` consists of. */
export const BUNDLE_FILE = 'attendant-agent.cjs';
