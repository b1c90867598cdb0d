/** Version of the agent, told to the control plane. */
export const AGENT_VERSION = '0.1.0';
