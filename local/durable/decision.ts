/** What an episode decided: the difference between the actions it replayed and the history it replayed them on. */
export type Decision =
  | { kind: 'activity'; id: number; name: string; input: () => string | undefined }
  | { kind: 'timer'; id: number; fireAtMs: number }
  | {
      kind: 'subOrchestration';
      id: number;
      name: string;
      version: string | null;
      instanceId: string;
      input: () => string | null;
    }
  | { kind: 'send'; id: number; target: string; name: string; message: () => string }
  | Completion
  | { kind: 'continueAsNew'; id: number; input: string | null; carryOver: number[] };

export interface Completion {
  kind: 'complete';
  id: number;
  status: 'Completed' | 'Failed' | 'Terminated';
  result: string | null;
  details: string | null;
  failureDetails: Record<string, unknown> | null;
}

/** The class names that DurableTask.Core's messages use for what a replay produced. */
export const ACTION_CLASS: Record<Decision['kind'], string> = {
  activity: 'ScheduleTaskOrchestratorAction',
  timer: 'CreateTimerOrchestratorAction',
  subOrchestration: 'CreateSubOrchestrationAction',
  send: 'SendEventOrchestratorAction',
  complete: 'OrchestrationCompleteOrchestratorAction',
  continueAsNew: 'OrchestrationCompleteOrchestratorAction',
};
