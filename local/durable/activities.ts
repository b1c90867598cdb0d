import type { FunctionInvoker, InvocationResult } from './engine-api';
import { activityFailure } from './failures';
import type { FunctionNames } from './function-names';
import { taskCompleted, taskFailed, type HistoryEvent } from './history';
import { callHttp } from './http-activity';
import type { ActivityTask, Hub } from './hub';
import { jsonText } from './json-text';
import { HTTP_ACTIVITY } from './replay-actions';

/**
 * Runs scheduled activities, a bounded number at a time, each only after the disk holds everything that led to it (unless all it does
 * goes into the same store). An activity whose result was not committed before a crash runs again: at least once.
 */
export class Activities {
  private queue = new Set<ActivityTask>();
  private running = 0;
  private open = false;
  private round = 0;
  private scope: { invoker: FunctionInvoker; names: FunctionNames } | undefined;

  constructor(
    private readonly hub: Hub,
    private readonly onQuiet: () => void,
    private readonly onStoreError: (cause: unknown) => void,
  ) {}

  get isQuiet(): boolean {
    return this.queue.size === 0 && this.running === 0;
  }

  get isResting(): boolean {
    return this.running === 0;
  }

  start(scope: { invoker: FunctionInvoker; names: FunctionNames }): void {
    this.scope = scope;
    this.open = true;
    this.next();
  }

  pause(): void {
    this.open = false;
  }

  /** Takes up what the store holds. What still runs from before is not waited for; its result is void. */
  load(): void {
    this.round += 1;
    this.running = 0;
    const rows = this.hub.store.prepare('SELECT * FROM d_activity ORDER BY seq').all();
    this.queue = new Set(
      rows.map((row) => ({
        seq: Number(row['seq']),
        instance: Number(row['instance']),
        instanceId: String(row['instance_id']),
        executionId: String(row['execution_id']),
        taskId: Number(row['task_id']),
        name: String(row['name']),
        input: typeof row['input'] === 'string' ? row['input'] : undefined,
      })),
    );
  }

  add(task: ActivityTask): void {
    this.queue.add(task);
    this.next();
  }

  private next(): void {
    for (const task of this.queue) {
      if (!this.open || !this.scope) return;
      if (this.running >= this.hub.settings.maxConcurrentActivities) return;
      this.queue.delete(task);
      this.running += 1;
      void this.run(task, this.round);
    }
  }

  private async run(task: ActivityTask, round: number): Promise<void> {
    try {
      if (this.scope?.invoker.staysInside?.(task.name) !== true) await this.hub.store.durable();
      if (round !== this.round) return;
      const event = await this.outcome(task);
      if (round !== this.round) return;
      this.hub.transaction(() => {
        const gone = this.hub.store.prepare('DELETE FROM d_activity WHERE seq = ?').run(task.seq);
        if (Number(gone.changes) === 0 || !this.hub.instances.get(task.instance)) return;
        this.hub.deliver(task.instance, { kind: 'event', executionId: task.executionId, event });
      });
    } catch (cause) {
      this.onStoreError(cause);
    } finally {
      if (round === this.round) {
        this.running -= 1;
        this.next();
        if (this.isQuiet) this.onQuiet();
      }
    }
  }

  private async outcome(task: ActivityTask): Promise<HistoryEvent> {
    const result = await this.invoke(task);
    const nowMs = this.hub.clock.now();
    if (result.ok) return taskCompleted(task.taskId, jsonText(result.value) ?? null, nowMs);
    return taskFailed(task.taskId, activityFailure(task.name, result.message, result.stack), nowMs);
  }

  private async invoke(task: ActivityTask): Promise<InvocationResult> {
    if (!this.scope) throw new Error('Activities are not started.');
    if (task.name === HTTP_ACTIVITY) return callHttp(task.input ?? '{}');
    const { invoker, names } = this.scope;
    const name = names.registered('activity', task.name);
    if (name === undefined) return { ok: false, message: names.refusal('activity', task.name) ?? '' };
    try {
      return await invoker.activity(name, task.instanceId, task.input);
    } catch (cause) {
      return { ok: false, message: cause instanceof Error ? cause.message : String(cause) };
    }
  }
}
