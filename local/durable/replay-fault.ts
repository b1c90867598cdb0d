/** An action the extension refuses; the orchestration fails with this message. */
export class ReplayFault extends Error {}
